export { tellAll } from '../powertools/tell-all.js';
export type { UserOption } from '../powertools/user-option.js';
export { countEvents } from './count-events.js';
export { traceEvents } from './trace-events.js';
