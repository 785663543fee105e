export { annotateTraces, type EventTracer } from './annotate-traces.js';
export { countEvents, type EventMetrics, type SessionMetric } from './count-events.js';
export { type EventLogger, logEvents } from './log-events.js';
export { tellAll } from './tell-all.js';
export type { UserOption } from './user-option.js';
