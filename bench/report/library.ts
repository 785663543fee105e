import type { AllResults } from '../results.js';
import { inThousands, table } from './markdown.js';

/** What one request takes of the processor and of memory. */
export function overheadLine({ overhead: { microseconds, allocatedBytes } }: AllResults): string {
  const { median, low, high } = microseconds;
  return `One request on sessions in RAM (start, two gets, a set, commit) takes ${median} µs (the middle half: ${low}–${high}) and allocates ${inThousands(allocatedBytes)} bytes.`;
}

/** Loading and starting a handler, with the SDK alone and with the library. */
export function loadTable({ bundle, coldStart }: AllResults): string {
  const rows = [
    ['loading the bundle', `${bundle.loadMs.sdkAlone} ms`, `${bundle.loadMs.withLibrary} ms`, spread(bundle.loadRatio)],
    coldStart === undefined
      ? ["cold start under AWS's runtime client", '—', '—', 'not measured: it is not installed']
      : [
          `cold start under AWS's runtime client, Node ${coldStart.nodeMajor}`,
          `${coldStart.initMs.sdkAlone} ms`,
          `${coldStart.initMs.withLibrary} ms`,
          spread(coldStart.ratio),
        ],
  ];
  return table(['', 'SDK alone', 'with the library', 'ratio'], rows);
}

/** What the library adds to a bundle, and for what. */
export function sizeTable({ bundle: { minifiedBytes, gzippedBytes, parts } }: AllResults): string {
  const rows = Object.entries(parts).map(([part, bytes]) => [part, inThousands(bytes)]);
  const all = ['all, without the SDK', `${inThousands(minifiedBytes)}, ${inThousands(gzippedBytes)} gzipped`];
  return table(['of the handler’s bundle', 'bytes, minified'], [...rows, all]);
}

const spread = ({ median, low, high }: { median: number; low: number; high: number }): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
