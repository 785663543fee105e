import { describe, expect, it } from 'vitest';
import { ConfigurationError, descendantRoles, ExtendablePersistenceLayer, Sessions } from '../../../src/index.js';

const hierarchy = new Map([
  ['author', 'editor'],
  ['proofreader', 'editor'],
  ['editor', 'admin'],
  ['accountant', 'admin'],
  ['__proto__', 'author'],
]);

describe('a role', () => {
  it.each([
    ['admin', ['admin', 'editor', 'accountant', 'author', 'proofreader', '__proto__']],
    ['editor', ['editor', 'author', 'proofreader', '__proto__']],
    ['accountant', ['accountant']],
    ['stranger', ['stranger']],
  ])('%s has the capabilities of itself and of all below it', (role, below) => {
    expect(descendantRoles(hierarchy, role)).toEqual(new Set(below));
  });

  it.each([
    ['of itself', [['a', 'a']]],
    [
      'of two',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ],
    [
      'of three, beside a sound part',
      [
        ['x', 'y'],
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a'],
      ],
    ],
    [
      'that a sound role leads into',
      [
        ['x', 'a'],
        ['a', 'b'],
        ['b', 'a'],
      ],
    ],
  ] as const)('is refused in a hierarchy with a cycle %s, which the error names', (_, entries) => {
    expect(() => descendantRoles(new Map(entries), 'x')).toThrow(ConfigurationError);
    expect(() => descendantRoles(new Map(entries), 'x')).toThrow(/cycle through the role "a"/);
  });

  it('may have a parent that 1,000 others lead to', () => {
    const chain = new Map(Array.from({ length: 1_000 }, (_, index) => [`role ${index}`, `role ${index + 1}`]));
    expect(descendantRoles(chain, 'role 1000').size).toBe(1_001);
  });
});

describe('sessions.hasRole', () => {
  const sessions = new Sessions({
    persistence: new ExtendablePersistenceLayer({ roleHierarchy: () => Promise.resolve(hierarchy) }),
  });

  it.each([
    [['admin'], 'author', true],
    [['author'], 'admin', false],
    [['accountant', 'editor'], 'proofreader', true],
    [['editor'], 'editor', true],
    [[], 'author', false],
    [undefined, 'author', false],
  ])('a user with the roles %j has the role %s: %s', async (roles, role, has) => {
    expect(await sessions.hasRole(roles === undefined ? {} : { roles }, role)).toBe(has);
  });

  it('fails on a hierarchy with a cycle', async () => {
    const cyclic = new Sessions({
      persistence: new ExtendablePersistenceLayer({ roleHierarchy: () => Promise.resolve(new Map([['a', 'a']])) }),
    });
    await expect(cyclic.hasRole({ roles: ['x'] }, 'a')).rejects.toBeInstanceOf(ConfigurationError);
  });
});
