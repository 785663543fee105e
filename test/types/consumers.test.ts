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

describe('cookie options', () => {
  it('that are mistaken are told in one line', async () => {
    const options = (code: string): string =>
      `import type { CookieOptions } from 'dynamodb-sessions/lambda';\nexport const cookie: CookieOptions = ${code};\n`;
    expect(
      await complaints({
        domain: options("{ name: '__Secure-id', domain: ['example.com'] }"),
        name: options('{ name: 7, secure: false }'),
        policy: options("{ sameSite: 'lax' }"),
        unknown: options('{ httpOnly: true }'),
      }),
    ).toEqual({
      domain: ["TS2322: Type 'string[]' is not assignable to type 'string'."],
      name: ["TS2322: Type 'number' is not assignable to type 'string'."],
      policy: [`TS2820: Type '"lax"' is not assignable to type 'SameSite | undefined'. Did you mean '"Lax"'?`],
      unknown: [
        "TS2353: Object literal may only specify known properties, and 'httpOnly' does not exist in type 'CookieOptions'.",
      ],
    });
  });
});
