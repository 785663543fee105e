/** Where a test holds something up: it says when that has come there, and lets it go on. */
export class Gate {
  /** Resolves when somebody comes to the gate. */
  readonly reached: Promise<void>;
  /** Lets everybody through, now and later. */
  readonly open: () => void;
  readonly #reach: () => void;
  readonly #opened: Promise<void>;

  constructor() {
    let reach = (): void => {};
    let open = (): void => {};
    this.reached = new Promise((resolve) => (reach = resolve));
    this.#opened = new Promise((resolve) => (open = resolve));
    this.#reach = reach;
    this.open = open;
  }

  /** Comes to the gate, and waits until it is open. */
  pass(): Promise<void> {
    this.#reach();
    return this.#opened;
  }
}
