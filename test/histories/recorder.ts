import { LoginEndedError, SessionGoneError, StoreUnavailableError } from '../../src/index.js';
import { type Ask, type History, type Moment, NEVER, type Operation } from './history.js';
import type { Line } from './line.js';

/** What is known of an operation before it begins. */
type Beginning = Pick<Operation, 'by' | 'visit' | 'user' | 'before' | 'writes'>;

/** Writes down what is asked and answered, as it happens. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly notes: History['notes'][number][] = [];
  #order = 0;

  note(at: number, text: string): void {
    this.notes.push({ ...this.#moment(at), text });
  }

  /**
   * Records one operation. What fails as it may is recorded as such; any other error is the end of the history.
   *
   * @param answer what there is to say of it once it has returned
   */
  async record<T>(
    line: Line,
    ask: Ask,
    beginning: Beginning,
    operate: () => Promise<T>,
    answer: (operation: Operation, value: T | undefined) => void,
  ): Promise<Operation> {
    const { faults, stale } = line;
    const operation: Operation = {
      ask,
      ...beginning,
      invoked: this.#moment(line.now),
      returned: NEVER,
      outcome: 'unknown',
      faults: 0,
      lagged: false,
      after: beginning.before,
    };
    this.operations.push(operation);
    let value: T | undefined;
    try {
      value = await operate();
      operation.outcome = 'ok';
    } catch (error) {
      if (error instanceof SessionGoneError) operation.outcome = 'gone';
      else if (error instanceof LoginEndedError) operation.outcome = 'login ended';
      else if (!(error instanceof StoreUnavailableError)) throw error;
    }
    operation.returned = this.#moment(line.now);
    operation.faults = line.faults - faults;
    operation.lagged = line.stale > stale;
    answer(operation, value);
    return operation;
  }

  #moment(at: number): Moment {
    this.#order += 1;
    return { order: this.#order, at };
  }
}
