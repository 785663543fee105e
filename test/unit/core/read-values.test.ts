import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCodec, MemoryPersistenceLayer, type Session, Sessions } from '../../../src/index.js';

class Money {
  amount = 1;
  parts = ['a'];
}

const codec = createCodec({
  types: { Money: { class: Money, encode: ({ amount }) => amount, decode: () => new Money() } },
});

const VALUE = { lines: [{ sku: 'A-1', tags: ['new'] }], bare: Object.assign(Object.create(null), { list: [1] }) };

/** A session that holds a value, found again. */
async function found(value: unknown): Promise<Session> {
  const sessions = new Sessions({ persistence: new MemoryPersistenceLayer(), codec });
  const session = await sessions.start();
  session.set('value', value);
  const action = await session.commit();
  return sessions.start({ tokens: action.kind === 'set' ? [action.token] : [] });
}

/** What is frozen of a value, by the path to it. */
function frozenParts(value: unknown, path = 'value'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, item]) => frozenParts(item, `${path}.${key}`));
  return Object.isFrozen(value) ? [path, ...inner] : inner;
}

const EVERY_PART = ['value', 'value.lines', 'value.lines.0', 'value.lines.0.tags', 'value.bare', 'value.bare.list'];

afterEach(() => vi.unstubAllEnvs());

describe('a value that a session gives', () => {
  it('is frozen in development, however deep: what would change it throws', async () => {
    const session = await found(VALUE);
    const value = session.get('value') as typeof VALUE;
    expect(frozenParts(value)).toEqual(EVERY_PART);
    expect(() => value.lines[0]?.tags.push('sold')).toThrow(TypeError);
    for (const [, each] of session.entries()) expect(frozenParts(each)).toEqual(EVERY_PART);
  });

  it('is frozen before it is stored, too, but what was set is left alone', async () => {
    const session = await new Sessions().start();
    const own = structuredClone({ list: [[1]] });
    session.set('value', own);
    expect(frozenParts(session.get('value'))).toEqual(['value', 'value.list', 'value.list.0']);
    expect(frozenParts(own)).toEqual([]);
    await session.update('value', () => own);
    expect(frozenParts(own)).toEqual([]);
  });

  it.each([
    ['NODE_ENV', 'production'],
    ['AWS_LAMBDA_FUNCTION_NAME', 'shop'],
  ])('is not frozen where %s is %s', async (name, value) => {
    vi.stubEnv(name, value);
    expect(frozenParts((await found(VALUE)).get('value'))).toEqual([]);
  });

  it('is a new copy each time', async () => {
    const session = await found(VALUE);
    expect(session.get('value')).not.toBe(session.get('value'));
  });

  it('has its built-in objects, and instances of registered classes, as they were', async () => {
    const value = { at: new Date(0), bytes: new Uint8Array([1]), map: new Map([['a', [1]]]), price: new Money() };
    const given = (await found(value)).get('value') as typeof value;
    expect(frozenParts(given)).toEqual(['value']);
    given.price.parts.push('b');
    given.bytes[0] = 2;
    expect(given).toEqual({ ...value, bytes: new Uint8Array([2]), price: given.price });
  });

  it('may be a cycle', async () => {
    const loop: unknown[] = [];
    loop.push({ loop });
    const given = (await found(loop)).get('value') as [{ loop: unknown }];
    expect(given[0].loop).toBe(given);
    expect([Object.isFrozen(given), Object.isFrozen(given[0])]).toEqual([true, true]);
  });

  it('is the caller’s own to change in update, and when it is taken away', async () => {
    const session = await found(['a']);
    expect(await session.update('value', (list) => ((list as string[]).push('b'), list))).toEqual(['a', 'b']);
    const taken = (await session.getAndDelete('value')) as string[];
    taken.push('c');
    expect(taken).toEqual(['a', 'b', 'c']);
  });
});
