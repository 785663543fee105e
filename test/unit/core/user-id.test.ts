import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotStorableError } from '../../../src/index.js';
import { parseUserKey, sameUser, type UserId, userKey } from '../../../src/core/user-id.js';

describe('a user ID', () => {
  it.each<[UserId, string]>([
    ['user-1', 's:user-1'],
    ['42', 's:42'],
    [42, 'n:42'],
    [42n, 'b:42'],
    [-42.5, 'n:-42.5'],
    [-42n, 'b:-42'],
    [1e21, 'n:1e+21'],
    [0, 'n:0'],
    [-0, 'n:0'],
    [2n ** 80n, 'b:1208925819614629174706176'],
    ['s:x', 's:s:x'],
    ['__proto__', 's:__proto__'],
    [' ', 's: '],
    ['ü🎉', 's:ü🎉'],
  ])('%o is stored as %s, and read as the same user', (userId, key) => {
    expect(userKey(userId)).toBe(key);
    const parsed = parseUserKey(key) as UserId;
    expect(typeof parsed).toBe(typeof userId);
    expect(sameUser(parsed, userId)).toBe(true);
  });

  it('counts with its type: 42, "42" and 42n are three users', () => {
    expect(sameUser(42, '42')).toBe(false);
    expect(sameUser(42, 42n)).toBe(false);
    expect(sameUser('42', 42n)).toBe(false);
    expect(sameUser(42, 42)).toBe(true);
  });

  const userIds = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.integer(),
    fc.bigInt(),
  );

  it('comes back equal, and no two share a key', () => {
    fc.assert(
      fc.property(userIds, (userId) => parseUserKey(userKey(userId)) === userId),
      { numRuns: 10_000 },
    );
    const pairs = fc.property(userIds, userIds, (a, b) => (userKey(a) === userKey(b)) === (a === b));
    fc.assert(pairs, { numRuns: 10_000 });
  });

  it('is read from a key that was written as one, and from nothing else', () => {
    const prefixed = fc
      .tuple(
        fc.constantFrom('s:', 'n:', 'b:', ''),
        fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)),
      )
      .map((parts) => parts.join(''));
    const property = fc.property(prefixed, (key) => {
      const userId = parseUserKey(key);
      return userId === undefined || userKey(userId) === key;
    });
    fc.assert(property, { numRuns: 10_000 });
  });

  it.each([
    '',
    's:',
    'n:',
    'b:',
    'n:042',
    'n: 42',
    'n:0x2a',
    'n:NaN',
    'n:Infinity',
    'n:-0',
    'b:042',
    'b:-0',
    'b:0x2a',
    'b:4.2',
    'b:',
    'x:42',
    '42',
    'S:a',
    's:\ud800',
  ])('is not read from %j', (key) => {
    expect(parseUserKey(key)).toBeUndefined();
  });

  it('may be of 254 bytes, and not of one more', () => {
    expect(userKey('é'.repeat(127))).toHaveLength(129);
    expect(() => userKey(`${'é'.repeat(127)}a`)).toThrow(NotStorableError);
    expect(() => userKey(10n ** 254n)).toThrow(NotStorableError);
  });

  it.each<[string, unknown]>([
    ['an empty string', ''],
    ['NaN', NaN],
    ['an infinity', -Infinity],
    ['a lone surrogate', 'a\ud800b'],
    ['undefined', undefined],
    ['null', null],
    ['an object', {}],
    ['an array', ['user-1']],
    ['a boolean', true],
    ['a symbol', Symbol('user')],
  ])('is not %s', (_, userId) => {
    expect(() => userKey(userId as UserId)).toThrow(NotStorableError);
  });

  it('is in no message of an error', () => {
    expect(() => userKey(`secret-${'x'.repeat(2_000)}`)).toThrow(/^(?!.*secret)/);
  });
});
