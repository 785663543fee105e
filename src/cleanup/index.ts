export { cleanUp } from './cleanup.js';
export { handler } from './handler.js';
export type { CleanupOptions } from './options.js';
export type { CleanupOutcome, CleanupProgress, CleanupReport, StopReason } from './report.js';
export type { CleanupContext, CleanupHandler } from './scheduled-cleanup.js';
