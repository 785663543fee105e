import type { AllResults } from '../results.js';
import { inThousands, table } from './markdown.js';

/** What one request takes of the processor and of memory. */
export function overheadLine({ overhead: { microseconds, allocatedBytes } }: AllResults): string {
  const { median, low, high } = microseconds;
  return `One request on sessions in RAM (start, two gets, a set, commit) takes ${median} µs (the middle half: ${low}–${high}) and allocates ${inThousands(allocatedBytes)} bytes.`;
}

/** What the library adds to a bundle, and for what. */
export function sizeTable({ bundle: { withSdk, light } }: AllResults): string {
  const bytes = (count = 0): string => inThousands(count);
  const parts = [...new Set([...Object.keys(light.parts), ...Object.keys(withSdk.parts)])];
  const rows = parts.map((part) => [part, bytes(withSdk.parts[part]), bytes(light.parts[part])]);
  const all = [
    'all',
    ...[withSdk, light].map((size) => `${bytes(size.minifiedBytes)}, ${bytes(size.gzippedBytes)} gzipped`),
  ];
  return table(['of the handler’s bundle, minified bytes', 'beside the SDK', 'with the light client'], [...rows, all]);
}
