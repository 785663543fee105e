import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { complaints, declarations } from './compiling.js';

const consumersFolder = join(import.meta.dirname, 'consumers');
const consumers = Promise.all(
  (await readdir(consumersFolder)).map(
    async (file) => [file.slice(0, -3), await readFile(join(consumersFolder, file), 'utf8')] as const,
  ),
);

vi.setConfig({ testTimeout: 60_000 }); // each starts a compiler

let folder: string;
beforeAll(async () => {
  folder = await declarations();
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

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
    expect(await complaints(folder, Object.fromEntries(await consumers), options)).toEqual({});
  });
});

describe('cookie options', () => {
  it('that are mistaken are told in one line', async () => {
    const options = (code: string): string =>
      `import type { CookieOptions } from 'dynamodb-sessions/lambda';\nexport const cookie: CookieOptions = ${code};\n`;
    expect(
      await complaints(folder, {
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

describe('a mistake with a session', () => {
  it('is told in one line', async () => {
    const mistake = (code: string): string => `
      import type { Session, SessionUser } from 'dynamodb-sessions';
      interface Item { sku: string; tags: string[] }
      interface App { theme: 'light' | 'dark'; cart: Item[] }
      interface User extends SessionUser { readonly id: string }
      declare const session: Session<App, User>;
      declare function forOther(session: Session<{ cart: number }>): void;
      export const result = ${code};
    `;
    expect(
      await complaints(folder, {
        push: mistake("session.get('cart')?.push({ sku: 'A-1', tags: [] })"),
        deep: mistake("session.get('cart')?.[0]?.tags.push('new')"),
        assigned: mistake("(session.get('cart') ?? [])[0]!.sku = 'A-2'"),
        value: mistake("session.set('theme', 3)"),
        key: mistake("session.get('them')"),
        userId: mistake('session.logIn(42)'),
        number: mistake('Math.abs(session.userId ?? 0)'),
        other: mistake('forOther(session)'),
      }),
    ).toEqual({
      push: [`TS2339: Property 'push' does not exist on type 'readonly DeepReadonlyObject<Item>[]'.`],
      deep: ["TS2339: Property 'push' does not exist on type 'readonly string[]'."],
      assigned: ["TS2540: Cannot assign to 'sku' because it is a read-only property."],
      value: [`TS2345: Argument of type '3' is not assignable to parameter of type '"dark" | "light"'.`],
      key: [`TS2345: Argument of type '"them"' is not assignable to parameter of type 'keyof App'.`],
      userId: ["TS2345: Argument of type 'number' is not assignable to parameter of type 'string | User'."],
      number: ["TS2345: Argument of type 'string | 0' is not assignable to parameter of type 'number'."],
      other: [
        "TS2345: Argument of type 'Session<App, User>' is not assignable to parameter of type 'Session<{ cart: number; }, SessionUser>'.",
      ],
    });
  });
});
