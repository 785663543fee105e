/** Spreads writes over time, so that they take so many write units a second at the most. */
export class WritePace {
  readonly #msPerUnit: number;
  /** When the next write may be sent: in milliseconds since the epoch. */
  #next = 0;

  constructor(unitsPerSecond: number) {
    this.#msPerUnit = 1_000 / unitsPerSecond;
  }

  /** Reserves the next turn, and says in how many milliseconds it comes. */
  turn(): number {
    const now = Date.now();
    const turn = Math.max(now, this.#next);
    this.#next = turn + this.#msPerUnit;
    return turn - now;
  }

  /** A write took so many units: one was reckoned with. */
  took(units: number): void {
    this.#next += (units - 1) * this.#msPerUnit;
  }
}
