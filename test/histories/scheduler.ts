import { setImmediate as macrotask } from 'node:timers/promises';
import { type Fate, type Step, WELL } from './plan.js';

/** Somebody who waits for a turn. */
export interface Turn {
  /** Who is busy until the turn comes; nobody waits for a write that is under way, or for a response. */
  readonly worker: Worker | undefined;
  readonly what: string;
  take(fate: Fate): Promise<void>;
}

/** One that works until it has to wait for a turn, or has done all it has to do. */
export interface Worker {
  done: boolean;
  /** What its clock is off by. */
  skew: number;
}

/**
 * Lets one go on at a time, and only when all the others wait: so a history is as its plan says, however the process
 * runs it.
 */
export class Scheduler {
  /** The true time, in seconds. */
  now = 1_800_000_000;
  readonly #turns: Turn[] = [];
  readonly #workers: Worker[] = [];
  #wake: () => void = () => {};

  wait(turn: Turn): void {
    this.#turns.push(turn);
    this.#wake();
  }

  /** Begins some work, and ends it when its worker is done. */
  employ(worker: Worker, work: () => Promise<void>, onFailure: (error: unknown) => void): void {
    this.#workers.push(worker);
    const finish = (): void => {
      worker.done = true;
      this.#wake();
    };
    work().catch(onFailure).finally(finish);
  }

  /** Goes on until nobody waits any more. */
  async run(steps: readonly Step[], onTurn: (turn: Turn, step: Step) => void): Promise<void> {
    for (let number = 0; ; number += 1) {
      await this.#quiet();
      if (this.#turns.length === 0) return;
      const step = steps[number] ?? WELL;
      this.now += step.pass;
      const [turn] = this.#turns.splice(step.pick % this.#turns.length, 1) as [Turn];
      if (turn.worker !== undefined && step.skew !== null) turn.worker.skew = step.skew;
      onTurn(turn, step);
      await turn.take(step.fate);
    }
  }

  /** Until all wait. A worker that does not may be pausing between two attempts. */
  async #quiet(): Promise<void> {
    await macrotask();
    while (this.#workers.some((worker) => !worker.done && !this.#turns.some((turn) => turn.worker === worker))) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
      await macrotask();
    }
  }
}
