import { handler as loaded } from '../bundle/library.js';

/** How long it took from the start of the process to the first invocation, all that the handler needs being loaded. */
export const handler = async (): Promise<number> => (typeof loaded === 'function' ? performance.now() : Number.NaN);
