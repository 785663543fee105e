import type { Metafile } from 'esbuild';

/** What the files of the package are for. The first pattern that matches counts. */
const PARTS: readonly (readonly [part: string, files: RegExp])[] = [
  ['any value as text, and back', /\/codec\/|core\/(codec|inspection|rows)\.|node_modules\/devalue\//],
  ['options and their checks', /core\/(options|expect|option-checks)\.|cookies\/cookie-options\./],
  ['sessions in RAM, the default', /core\/memory-persistence-layer\./],
  ['a user’s sessions, marks and roles', /core\/(user-sessions|marks|roles|user-id)\./],
  ['a session’s life: tokens, times, rotation, changes', /core\//],
  ['what the SDK does else: to connect, to sign, to repeat', /\/light\//],
  ['DynamoDB: conditions, items, bulk work', /\/(dynamodb|table)\/|table-schema\./],
  ['cookies and Lambda’s events', /\/(cookies|lambda|adapters)\//],
];

/** The bytes of each part of the package in a bundle, the largest part first. */
export function partsOf({ outputs }: Metafile): Readonly<Record<string, number>> {
  const bytes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const part = PARTS.find(([, files]) => files.test(file))?.[0] ?? 'the handler';
      bytes.set(part, (bytes.get(part) ?? 0) + bytesInOutput);
    }
  }
  return Object.fromEntries([...bytes].toSorted(([, a], [, b]) => b - a));
}
