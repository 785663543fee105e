import { printableJson } from './printable.js';

/** Prints what a command has found: one JSON document with `--json`, otherwise words. Nothing else goes to stdout. */
export function print({ json }: { readonly json?: boolean }, document: unknown, words: () => string): void {
  process.stdout.write(`${json === true ? printableJson(document) : words()}\n`);
}

/** Tells the person at the terminal something that is no result. */
export function note(words: string): void {
  process.stderr.write(`${words}\n`);
}
