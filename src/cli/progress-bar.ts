import cliProgress from 'cli-progress';
import { count, duration, number } from './quantities.js';

/** How far a job over the table is: on the terminal, and only there. It goes away when the job ends. */
export class ProgressBar {
  readonly #bar: cliProgress.SingleBar;
  readonly #startedAt = performance.now();

  /** @param total how many items there are, as far as is known: DynamoDB's own count is hours old */
  constructor(total: number | undefined, stream: NodeJS.WritableStream = process.stderr) {
    this.#bar = new cliProgress.SingleBar(
      {
        stream,
        hideCursor: true,
        clearOnComplete: true,
        emptyOnZero: true,
        barsize: 25,
        etaBuffer: 50,
        format: (options, { progress, value, eta }, payload: { readonly extra?: string }) =>
          [
            ...(total ? [cliProgress.Format.BarFormat(progress, options), `${Math.floor(progress * 100)} %`] : []),
            count(value, 'item'),
            `${number((value * 1_000) / Math.max(1, performance.now() - this.#startedAt))} a second`,
            ...(total && Number.isFinite(eta) ? [`${duration(eta * 1_000)} left`] : []),
            ...(payload.extra === undefined ? [] : [payload.extra]),
          ].join('  '),
      },
      cliProgress.Presets.shades_grey,
    );
    this.#bar.start(total ?? 0, 0);
    process.once('exit', () => this.end()); // The terminal gets its cursor back however the job ends.
  }

  show(items: number, extra: string): void {
    this.#bar.update(items, { extra });
  }

  end(): void {
    this.#bar.stop();
  }
}
