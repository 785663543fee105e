import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints } from './compiling.js';

const folder = join(import.meta.dirname, 'consumers');
const consumers = Promise.all(
  (await readdir(folder)).map(async (file) => [file.slice(0, -3), await readFile(join(folder, file), 'utf8')] as const),
);

describe("a user's code", () => {
  it.each([
    ['strictly', {}],
    ['with exactOptionalPropertyTypes', { exactOptionalPropertyTypes: true }],
    [
      'for a bundler, with everything that can be asked for',
      {
        module: 'ESNext',
        moduleResolution: 'Bundler',
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noPropertyAccessFromIndexSignature: true,
        noImplicitOverride: true,
      },
    ],
  ])('compiles %s', async (_, options) => {
    expect(await complaints(Object.fromEntries(await consumers), options)).toEqual({});
  });
});
