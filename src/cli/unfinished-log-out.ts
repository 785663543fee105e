import { StoreUnavailableError } from '../core/errors.js';
import { endedAtOnce } from './interruption.js';
import type { LogOutLayer } from './log-out-layer.js';
import { note } from './output.js';
import { number } from './quantities.js';

/** Does what logs a user out. If it fails, or is interrupted, the person at the terminal is told what is left to do. */
export async function sayingWhatIsLeft<T>(layer: LogOutLayer, work: () => Promise<T>): Promise<T> {
  try {
    return await endedAtOnce(work, () => whatIsLeft(layer));
  } catch (error) {
    if (error instanceof StoreUnavailableError) note(whatIsLeft(layer));
    throw error;
  }
}

function whatIsLeft({ marked, removed }: LogOutLayer): string {
  return marked
    ? `Not finished: the user’s sessions are refused within the touch interval, but only ${number(removed)} have surely ended. Run it again to finish.`
    : 'Perhaps nothing was ended. Run it again to finish.';
}
