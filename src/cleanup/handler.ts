import { type CleanupHandler, scheduledCleanup } from './scheduled-cleanup.js';

/** The scheduled function: its settings are environment variables, see `CLEANUP_ENVIRONMENT`. */
export const handler: CleanupHandler = scheduledCleanup(process.env);
