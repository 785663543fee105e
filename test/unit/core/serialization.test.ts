import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deserializeSession, serializeSession, type SessionRecord } from '../../../src/index.js';
import { RECORD_ATTRIBUTE_NAMES, RECORD_ATTRIBUTES } from '../../../src/core/record.js';
import type { SecretHash } from '../../../src/core/token.js';
import { DIFFICULT_KEYS } from '../../contract/keys.js';
import { fullRecord, NOW, recordOf } from '../../world/records.js';

const wholeNumbers = fc.maxSafeInteger();
const texts = fc.string({ unit: 'grapheme' });
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => bytes.slice());
// JSON has no -0.
const decimals = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const ofKind = { number: wholeNumbers, decimal: decimals, text: texts, bytes: someBytes };

/** Any record that a layer may be given: every attribute with any value of its kind, the optional ones there or not. */
const records = fc
  .record<Record<string, unknown>>(
    {
      ...Object.fromEntries(
        RECORD_ATTRIBUTE_NAMES.map((name) => [name, ofKind[RECORD_ATTRIBUTES[name].kind] as fc.Arbitrary<unknown>]),
      ),
      userId: fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer(), fc.bigInt()),
      data: fc
        .array(fc.tuple(fc.oneof(texts, fc.constantFrom(...DIFFICULT_KEYS)), texts))
        .map((entries) => new Map(entries)),
    },
    {
      noNullPrototype: true,
      requiredKeys: ['data', ...RECORD_ATTRIBUTE_NAMES.filter((name) => RECORD_ATTRIBUTES[name].required)],
    },
  )
  .map((record) => record as unknown as SessionRecord);

describe('a serialised session', () => {
  it('D2: comes back equal', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(deserializeSession(serializeSession(record))).toStrictEqual(record);
      }),
      { numRuns: 2_000 },
    );
  });

  it('D2: is the same text when it is serialised again', () => {
    fc.assert(
      fc.property(records, (record) => {
        const text = serializeSession(record);
        expect(serializeSession(deserializeSession(text) as SessionRecord)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it('D1: keeps every key of the data as an ordinary key', () => {
    const data = new Map(DIFFICULT_KEYS.map((key) => [key, '1']));
    const back = deserializeSession(serializeSession(recordOf({ data })));
    expect(back?.data).toEqual(data);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  it('is one line that a person can read', () => {
    const record = recordOf({
      secretHash: new Uint8Array(32).fill(255) as SecretHash,
      lastWrite: new Uint8Array([1, 2, 3]),
      userId: 42,
      address: '192.0.2.1',
      data: new Map([['theme', '"dark"']]),
    });
    expect(serializeSession(record)).toBe(
      `{"version":1,"user":"n:42","createdAt":${NOW},"absoluteExpiresAt":${NOW + 86_400},"lastSeenAt":${NOW},"expiresAt":${NOW + 3_600},` +
        `"address":"192.0.2.1","secretHash":"__________________________________________8","rotatedAt":${NOW},"auth":0,"lastWrite":"AQID",` +
        `"data":{"theme":"\\"dark\\""}}`,
    );
  });

  const text = serializeSession(fullRecord());
  const changed = (change: Record<string, unknown>): string =>
    JSON.stringify({ ...(JSON.parse(text) as object), ...change });

  it('takes what a test changes for the session that it is, unless it is poisoned', () => {
    expect(deserializeSession(changed({}))).toBeDefined();
    expect(deserializeSession(changed({ authenticatedAt: 1.5 }))?.authenticatedAt).toBe(1.5);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a number', '42'],
    ['a string', '"session"'],
    ['an array', '[]'],
    ['an empty object', '{}'],
    ['half of itself', text.slice(0, text.length / 2)],
    ['a text with something after it', `${text}x`],
    ['a session of a newer version', changed({ version: 2 })],
    ['a session of no version', changed({ version: undefined })],
    ['a version that is text', changed({ version: '1' })],
    ...RECORD_ATTRIBUTE_NAMES.filter((name) => RECORD_ATTRIBUTES[name].required).map((name): [string, string] => [
      `a session without ${name}`,
      changed({ [name]: undefined }),
    ]),
    ...RECORD_ATTRIBUTE_NAMES.map((name): [string, string] => [
      `a session whose ${name} is an object`,
      changed({ [name]: {} }),
    ]),
    ...RECORD_ATTRIBUTE_NAMES.map((name): [string, string] => [
      `a session whose ${name} is null`,
      changed({ [name]: null }),
    ]),
    ['a time that is text', changed({ expiresAt: String(NOW) })],
    ['a time that is no whole number', changed({ expiresAt: 1.5 })],
    ['a login at a time that is text', changed({ authenticatedAt: `${NOW}.5` })],
    ['a login at a time beyond all numbers', text.replace(/"authenticatedAt":[\d.]+/, '"authenticatedAt":1e999')],
    ['a time beyond all numbers', text.replace(/"expiresAt":\d+/, '"expiresAt":1e999')],
    ['bytes that are a number', changed({ secretHash: 5 })],
    ['no bytes', changed({ secretHash: '' })],
    ['bytes that are no base64url', changed({ secretHash: 'AQID*?AQID' })],
    ['a user that is no user key', changed({ user: 'user-1' })],
    ['a user that is a number', changed({ user: 42 })],
    ['no data', changed({ data: undefined })],
    ['data that is null', changed({ data: null })],
    ['data that is text', changed({ data: 'theme' })],
    ['data that is an array', changed({ data: ['"dark"'] })],
    ['data with a value that is no text', changed({ data: { theme: 1 } })],
    ['a prototype in the place of attributes', '{"__proto__":{"version":1,"data":{}}}'],
  ])('D3: is not %s', (_, garbage) => {
    expect(deserializeSession(garbage)).toBeUndefined();
  });

  it('D3: is no text that happens to be JSON, and reading it never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (garbage) => deserializeSession(garbage) === undefined),
      { numRuns: 5_000 },
    );
    const poisoned = fc.dictionary(
      fc.constantFrom('version', 'user', 'data', ...RECORD_ATTRIBUTE_NAMES),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(poisoned, (change) => {
        const read = deserializeSession(changed(change));
        return read === undefined || Number.isSafeInteger(read.expiresAt);
      }),
      { numRuns: 5_000 },
    );
  });
});
