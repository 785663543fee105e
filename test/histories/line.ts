import type { Fate } from './plan.js';
import type { Scheduler, Worker } from './scheduler.js';

/** How a call meets its fate. */
interface CallManner {
  readonly noAnswer: (() => Error) | undefined;
  readonly isRead?: boolean;
  readonly again?: Fate;
}

/** What is between one Lambda and the store: every call waits for its turn here, and meets its fate. */
export class Line {
  /** How many calls did not go well. */
  faults = 0;
  /** How many calls may have got an answer of a moment ago. */
  stale = 0;
  /** Ends what the Lambda is doing. */
  crash: () => void = () => {};

  readonly #scheduler: Scheduler;
  readonly #worker: Worker;
  readonly #name: string;

  constructor(scheduler: Scheduler, worker: Worker, name: string) {
    this.#scheduler = scheduler;
    this.#worker = worker;
    this.#name = name;
  }

  /** The true time in seconds, which no Lambda knows. */
  get now(): number {
    return this.#scheduler.now;
  }

  /** Waits for a turn. */
  pause(what: string): Promise<void> {
    return this.call(what, () => Promise.resolve(), { noAnswer: undefined });
  }

  /**
   * Makes a call when its turn comes.
   *
   * @param act carries it out
   * @param options.noAnswer the error that the caller sees if there is none; `undefined` if the call cannot fail
   * @param options.isRead whether it makes no difference to carry it out later
   * @param options.again what becomes of a call that is to be carried out again: to those who send no copies, nothing
   */
  call<T>(
    what: string,
    act: (fate: Fate) => Promise<T>,
    { noAnswer, isRead = false, again = 'well' }: CallManner,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = async (planned: Fate): Promise<void> => {
        const fate = planned === 'again' ? again : planned;
        const land = (): Promise<void> =>
          act(fate).then(
            () => {},
            () => {},
          );
        const landLater = (): void => {
          if (!isRead) this.#scheduler.wait({ worker: undefined, what: `${this.#name} ${what}, late`, take: land });
        };
        if (fate === 'stale') this.stale += 1;
        if (fate === 'again') {
          await act(fate).then(resolve, reject);
          return landLater();
        }
        if (noAnswer === undefined || fate === 'well' || fate === 'stale') return act(fate).then(resolve, reject);
        this.faults += 1;
        if (fate === 'lost' || fate === 'crash after') await act(fate).catch(() => {});
        if (fate === 'late') landLater();
        if (fate === 'crash' || fate === 'crash after') this.crash();
        else reject(noAnswer());
      };
      this.#scheduler.wait({ worker: this.#worker, what: `${this.#name} ${what}`, take });
    });
  }
}
