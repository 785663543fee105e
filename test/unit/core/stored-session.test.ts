import { beforeEach, describe, expect, it } from 'vitest';
import {
  MemoryPersistenceLayer,
  NotStorableError,
  type PersistenceLayer,
  type SaveOutcome,
  type SessionChange,
  type SessionRecord,
  type Sessions,
  StoreUnavailableError,
} from '../../../src/index.js';
import type { Client } from '../../../src/core/client.js';
import { layerWith } from '../../world/layer-with.js';
import type { Update } from '../../world/records.js';
import { type App, Browser, World } from '../../world/world.js';

let memory: MemoryPersistenceLayer;
/** What was asked to be written. */
let changes: SessionChange[];
/** What becomes of the next writes, instead of what would. */
let fates: ((apply: () => Promise<SaveOutcome>) => Promise<SaveOutcome>)[];
let overrides: Partial<PersistenceLayer>;
let world: World;
let sessions: Sessions<App>;
let browser: Browser;

beforeEach(async () => {
  memory = new MemoryPersistenceLayer();
  [changes, fates, overrides] = [[], [], {}];
  const save: PersistenceLayer['saveSession'] = (...args) => {
    changes.push(args[2]);
    const apply = (): Promise<SaveOutcome> => memory.saveSession(...args);
    return (fates.shift() ?? ((usual) => usual()))(apply);
  };
  const layer: PersistenceLayer = layerWith(memory, { saveSession: save });
  world = new World(
    new Proxy(layer, { get: (target, name) => Reflect.get(name in overrides ? overrides : target, name) }),
  );
  sessions = world.sessions();
  browser = new Browser(sessions);
  await browser.request((session) => session.set('cart', ['pen']));
  changes.length = 0;
});

const idOf = (): string => browser.token?.split('.')[0] as string;
const record = async (): Promise<SessionRecord> =>
  (await memory.loadSession(idOf(), { now: world.now })) as SessionRecord;
const updates = (): Update[] => changes as Update[];

const lost = async (apply: () => Promise<SaveOutcome>): Promise<SaveOutcome> => {
  await apply();
  throw new StoreUnavailableError('The answer was lost.', { retryable: true });
};
const repeated = async (apply: () => Promise<SaveOutcome>): Promise<SaveOutcome> => {
  const outcome = await apply();
  return outcome.kind === 'saved' ? { ...outcome, repeated: true } : outcome;
};

describe('the fence of a session', () => {
  it('is expected by what sets and deletes, and raised by neither', async () => {
    await browser.request((session) => {
      session.set('theme', 'dark');
      session.delete('cart');
    });
    expect(updates()).toMatchObject([{ set: ['theme'], removed: ['cart'], fenced: false, expected: { fence: 0 } }]);
    expect(await record()).not.toHaveProperty('fence');
  });

  it('is expected by no upkeep: a copy of that undoes nothing', async () => {
    world.now += 3_600;
    await browser.request();
    await browser.request();
    expect(updates()).toMatchObject([
      { touched: true, rotated: true },
      { touched: false, rotated: true },
    ]);
    for (const { expected } of updates()) expect(expected).not.toHaveProperty('fence');
  });

  it('F2: is raised after a change that was sent more than once, before the response is sent', async () => {
    fates.push(repeated);
    await browser.request((session) => session.set('theme', 'dark'));
    expect(updates()).toMatchObject([{ set: ['theme'] }, { set: [], fenced: true, expected: { fence: 0 } }]);
    expect(await record()).toMatchObject({
      fence: 1,
      data: new Map(Object.entries({ cart: '["pen"]', theme: '"dark"' })),
    });
  });

  it('F2: is raised once after a change that was sent more than once, and the request goes on from there', async () => {
    const session = await browser.start();
    fates.push(repeated, repeated);
    session.set('theme', 'dark');
    await session.save();
    session.set('theme', 'light');
    await session.save();
    expect(updates()).toMatchObject([
      { set: ['theme'], fenced: false, expected: { fence: 0 } },
      { set: [], fenced: true, expected: { fence: 0 } },
      { set: ['theme'], fenced: false, expected: { fence: 1 } },
    ]);
  });

  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => unknown]>([
    ['a touch and a rotation', () => {}],
    ['a getAndDelete', (session) => session.getAndDelete('cart')],
    ['a login', (session) => session.logIn('user-1')],
    ['a regenerate', (session) => session.regenerate()],
  ])('is not raised after %s that was sent more than once, of which no copy undoes anything', async (_, write) => {
    world.now += 3_600;
    const session = await browser.start();
    fates.push(repeated);
    await write(session);
    await browser.finish(session);
    const ofWrite = updates().slice(0, 1);
    expect(updates().filter(({ fenced }) => fenced)).toEqual(ofWrite.filter(({ removed }) => removed.length > 0));
  });

  it.each<[string, () => Promise<unknown>]>([
    ['others have raised it', async () => (await browser.start()).getAndDelete('cart')],
    ['the session has ended', () => sessions.revoke(idOf())],
    ['another has logged in with it', async () => (await browser.start()).logIn('user-1')],
  ])('has not to be raised where %s in between: the copy is refused anyway', async (_, act) => {
    const session = await browser.start();
    fates.push(async (apply) => {
      const outcome = await repeated(apply);
      await act();
      return outcome;
    });
    session.set('theme', 'dark');
    await expect(session.save()).resolves.toBeUndefined();
    expect(updates().at(-1)).toMatchObject({ set: [], fenced: true, expected: { fence: 0, auth: 0 } });
  });

  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<unknown>]>([
    ['a save', (session) => session.save()],
    ['a commit', (session) => session.commit()],
  ])('F2: that cannot be raised after a change that was sent more than once fails %s', async (_, write) => {
    const session = await browser.start();
    fates.push(repeated, () => Promise.reject(new StoreUnavailableError('Down.', { retryable: true })));
    session.set('theme', 'dark');
    await expect(write(session)).rejects.toThrow(StoreUnavailableError);
  });

  it('F2: that could not be raised is raised by the next change', async () => {
    const session = await browser.start();
    fates.push(repeated, () => Promise.reject(new StoreUnavailableError('Down.', { retryable: true })));
    session.set('theme', 'dark');
    await expect(session.save()).rejects.toThrow(StoreUnavailableError);
    session.set('theme', 'light');
    await session.save();
    expect(updates().at(-1)).toMatchObject({ set: ['theme'], fenced: true });
    expect(await record()).toMatchObject({ fence: 1 });
  });

  it('F2: is raised by the next change of a request that does not know what came of one', async () => {
    const session = await browser.start();
    fates.push(lost);
    session.set('theme', 'dark');
    await expect(session.save()).rejects.toThrow(StoreUnavailableError);
    session.set('theme', 'light');
    await session.save();
    session.set('theme', 'dark');
    await browser.finish(session);
    expect(updates()).toMatchObject([
      { fenced: false, expected: { fence: 0 } },
      { fenced: true, expected: { fence: 0 } },
      { fenced: false, expected: { fence: 1 } },
    ]);
    expect(await record()).toMatchObject({ fence: 1 });
  });

  it('F2: is raised by the write that takes a value away, so that no copy of an earlier one brings it back', async () => {
    const session = await browser.start();
    expect(await session.getAndDelete('cart')).toEqual(['pen']);
    expect(updates()).toMatchObject([
      { removed: ['cart'], fenced: true, expected: { value: ['cart', '["pen"]'], fence: 0 } },
    ]);
    expect(await record()).toMatchObject({ fence: 1, data: new Map() });
    expect(await session.getAndDelete('cart')).toBeUndefined();
    expect(changes).toHaveLength(1);
  });

  it('is expected and raised by an update, which is made only of the value that it has seen', async () => {
    const session = await browser.start();
    await session.update('visits', (visits = 0) => visits + 1);
    await session.update('visits', (visits = 0) => visits + 1);
    expect(updates()).toMatchObject([
      { set: ['visits'], fenced: true, expected: { value: ['visits', undefined], fence: 0 } },
      { set: ['visits'], fenced: true, expected: { value: ['visits', '1'], fence: 1 } },
    ]);
  });

  it('F2: is not raised again after an update that was sent more than once', async () => {
    const session = await browser.start();
    fates.push(repeated);
    await session.update('visits', () => 1);
    session.set('visits', 2);
    await browser.finish(session);
    expect(updates()).toMatchObject([
      { set: ['visits'], fenced: true, expected: { value: ['visits', undefined], fence: 0 } },
      { set: ['visits'], fenced: false, expected: { fence: 1 } },
    ]);
  });

  it('that others have raised is no obstacle: the change is made on top', async () => {
    const session = await browser.start();
    await (await browser.start()).getAndDelete('cart');
    session.set('theme', 'dark');
    await browser.finish(session);
    expect(await record()).toMatchObject({ fence: 1, data: new Map([['theme', '"dark"']]) });
  });

  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<void>]>([
    ['a login', (session) => session.logIn('user-1')],
    ['a regenerate', (session) => session.regenerate()],
  ])('is left to itself by %s: what began before is refused anyway', async (_, reissue) => {
    const session = await browser.start();
    session.set('theme', 'dark');
    fates.push(lost);
    await expect(session.save()).rejects.toThrow(StoreUnavailableError);
    await reissue(session);
    session.set('theme', 'light');
    await browser.finish(session);
    expect(updates().map(({ fenced }) => fenced)).toEqual([false, false, false]);
    expect(await record()).toMatchObject({
      auth: 1,
      data: new Map(Object.entries({ cart: '["pen"]', theme: '"light"' })),
    });
  });
});

describe('the confirmation that a new secret was seen', () => {
  beforeEach(async () => {
    world.now += 3_600;
    await browser.request(); // rotates
    changes.length = 0;
  });

  it('expects that it is the first', async () => {
    await browser.request();
    expect(updates()).toMatchObject([{ rotated: true, expected: { unconfirmed: true } }]);
    expect(updates()[0]?.expected.secretHash).toEqual((await record()).secretHash);
  });

  it('does not move the end of the grace by coming second', async () => {
    const [first, second] = [await browser.start(), await browser.start()];
    const until = world.now + 120;
    await browser.finish(first);
    world.now += 60;
    await browser.finish(second);
    expect((await record()).previousUntil).toBe(until);
  });

  it('is not expected to be the first by the next rotation, nor by a change of data', async () => {
    await browser.request();
    world.now += 3_600;
    changes.length = 0;
    await browser.request((session) => session.set('theme', 'dark'));
    expect(updates()[0]).toMatchObject({ rotated: true, set: ['theme'] });
    expect(updates()[0]?.expected).not.toHaveProperty('unconfirmed');
  });
});

describe('an update', () => {
  it('calls its function once, whatever others do to other keys', async () => {
    const session = await browser.start();
    let calls = 0;
    await session.update('visits', async (visits = 0) => {
      calls += 1;
      await browser.request((other) => other.set('theme', calls === 1 ? 'dark' : 'light'));
      return visits + 1;
    });
    expect(calls).toBe(1);
    expect((await record()).data).toEqual(new Map(Object.entries({ cart: '["pen"]', theme: '"dark"', visits: '1' })));
  });

  it('calls its function again if others give the key another value', async () => {
    const session = await browser.start();
    const seen: unknown[] = [];
    const result = await session.update('visits', async (visits = 0) => {
      seen.push(visits);
      if (seen.length <= 2) await browser.request((other) => other.set('visits', seen.length * 10));
      return visits + 1;
    });
    expect([seen, result]).toEqual([[0, 10, 20], 21]);
    expect((await record()).data.get('visits')).toBe('21');
  });

  it('of a value that it leaves as it is looks at what is stored before it says so', async () => {
    const session = await browser.start();
    await browser.request((other) => other.set('cart', ['ink']));
    const seen: unknown[] = [];
    await session.update('cart', (cart = []) => {
      seen.push(cart);
      return cart;
    });
    expect(seen).toEqual([['pen'], ['ink']]);
    expect((await record()).data.get('cart')).toBe('["ink"]');
  });
});

describe('an end', () => {
  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<void>]>([
    ['a destroy', (session) => session.destroy()],
    ['a logout', (session) => session.logOut()],
  ])(
    'of a session that has expired meanwhile, by %s, is no end: the cookie may be another’s by now',
    async (_, end) => {
      const session = await browser.start();
      world.now += 86_400;
      world.takeEvents();
      await end(session);
      expect(world.takeEvents()).toEqual([]);
      expect(await session.commit()).toEqual({ kind: 'keep' });
    },
  );

  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<void>]>([
    ['a destroy', (session) => session.destroy()],
    ['a logout', (session) => session.logOut()],
  ])('that somebody else was faster with lets %s begin no other session', async (_, end) => {
    const session = await browser.start();
    await sessions.revoke(idOf());
    await end(session);
    session.set('theme', 'dark');
    world.takeEvents();
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(world.takeEvents()).toEqual(['lost-write']);
  });

  it('of one’s own leaves room for another session', async () => {
    await browser.request(async (session) => {
      await session.destroy();
      session.set('theme', 'dark');
    });
    expect((await browser.start()).get('theme')).toBe('dark');
  });
});

describe('the limits of a layer', () => {
  const limits = { dataBytes: 100, keyOverhead: 5, changedKeys: 3 };
  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`);
  type Loose = Record<string, unknown>;
  const open = async (): Promise<ReturnType<Sessions<Loose>['start']>> =>
    (sessions as unknown as Sessions<Loose>).start({ tokens: browser.token === undefined ? [] : [browser.token] });

  beforeEach(() => {
    overrides = { limits };
  });

  it('D4: refuse what is too large when it is set, and leave the session as it was', async () => {
    const session = await open();
    // cart: 5 + 4 + 7 bytes; a: 5 + 1, and 2 for the quotes.
    const room = 100 - 16 - 8;
    expect(() => session.set('a', 'x'.repeat(room + 1))).toThrow(NotStorableError);
    expect(session.keys()).toEqual(['cart']);
    session.set('a', 'x'.repeat(room));
    expect(() => session.set('b', '')).toThrow('The data would take 108 bytes; expected at most 100.');
    session.set('a', 'x');
    session.set('b', 'é'.repeat(10));
    await session.commit();
    expect([...(await record()).data.keys()]).toEqual(['cart', 'a', 'b']);
  });

  it('D4: count what was saved, deleted, updated and taken since', async () => {
    const session = await open();
    const room = 100 - 16 - 8;
    session.set('a', 'x'.repeat(room));
    await session.save();
    expect(() => session.set('b', '')).toThrow(NotStorableError);
    session.delete('cart');
    session.set('b', '');
    expect(() => session.set('c', '')).not.toThrow();
    await session.save();
    expect(await session.getAndDelete('a')).toHaveLength(room);
    session.set('d', 'x'.repeat(room - 8));
    await session.update('c', () => 'xx');
    expect(() => session.set('e', '')).toThrow(NotStorableError);
    await session.commit();
    expect([...(await record()).data.keys()].toSorted()).toEqual(['b', 'c', 'd']);
  });

  it('D4: refuse more changed keys of a stored session than one write can change, and leave the rest', async () => {
    const session = await open();
    session.set('key-0', 1);
    session.set('key-1', 1);
    session.set('key-1', 2);
    session.set('key-2', 1);
    // What makes no difference to what is stored is not written.
    session.set('cart', ['pen']);
    session.delete('never there');
    session.delete('key-0');
    session.set('key-0', 1);
    expect(() => session.set('key-3', 1)).toThrow(NotStorableError);
    expect(() => session.delete('cart')).toThrow('4 keys would be changed at once; expected at most 3');
    await session.save();
    session.set('key-3', 1);
    session.delete('cart');
    await session.commit();
    expect(updates().map(({ set, removed }) => [set, removed])).toEqual([
      [['key-0', 'key-1', 'key-2'].toSorted(), []],
      [['key-3'], ['cart']],
    ]);
    expect([...(await record()).data.keys()].toSorted()).toEqual(['key-0', 'key-1', 'key-2', 'key-3']);
  });

  it('D4: let a new session have any number of keys', async () => {
    browser.token = undefined;
    const session = await open();
    for (const key of many(9)) session.set(key, 1);
    expect(await session.commit()).toMatchObject({ kind: 'set' });
  });

  it('never refuse a key to be taken away, nor to be made smaller, where there is too much already', async () => {
    overrides = {};
    await browser.request((session) => session.set('theme', 'x'.repeat(200) as 'dark'));
    overrides = { limits };
    const session = await open();
    session.delete('cart');
    expect(() => session.set('a', 1)).toThrow(NotStorableError);
    session.set('theme', 'light');
    session.set('a', 1);
    await session.commit();
    expect([...(await record()).data.keys()]).toEqual(['theme', 'a']);
  });

  it('are none where a layer knows of none', async () => {
    overrides = {};
    const session = await open();
    for (const key of many(300)) session.set(key, 'x'.repeat(2_000));
    await session.commit();
    expect((await record()).data.size).toBe(301);
  });
});

describe('a page whose session is so full that upkeep finds no room', () => {
  const full = (): Promise<SaveOutcome> => Promise.reject(new NotStorableError('It is too large.'));

  it('does not fail: the session is touched, and goes on with the secret that it has', async () => {
    world.now += 3_600;
    fates.push(full);
    const { secretHash } = await record();
    expect(await browser.request()).toEqual({ kind: 'keep' });
    expect(updates()).toMatchObject([
      { touched: true, rotated: true },
      { touched: true, rotated: false },
    ]);
    expect(await record()).toMatchObject({ secretHash, lastSeenAt: world.now });
  });

  it('does not fail for a touch either, and says so', async () => {
    world.now += 400;
    fates.push(full);
    world.takeEvents();
    expect(await browser.request()).toEqual({ kind: 'keep' });
    expect(world.events).toMatchObject([{ type: 'store-failure', operation: 'saveSession' }]);
    fates.push(full);
    const session = await browser.start();
    await session.touch();
    expect(world.events).toMatchObject([{}, { type: 'store-failure', operation: 'saveSession' }]);
  });

  it('fails if what it has set is not storable', async () => {
    world.now += 3_600;
    fates.push(full);
    await expect(browser.request((session) => session.set('theme', 'dark'))).rejects.toThrow(NotStorableError);
  });
});

describe('a touch', () => {
  it('expects that no later request has made one, and goes back to no earlier time', async () => {
    world.now += 400;
    const [slow, quick] = [await browser.start(), await browser.start()];
    world.now += 400;
    const later = await browser.start();
    await browser.finish(later);
    await browser.finish(slow);
    expect((await record()).lastSeenAt).toBe(world.now);
    await quick.logIn('user-1');
    expect((await record()).lastSeenAt).toBe(world.now);
    for (const { touched, expected } of updates()) expect('lastSeenAt' in expected).toBe(touched);
  });

  it('writes of the client what is another than stored, and keeps what the request does not tell', async () => {
    const phone = { address: '203.0.113.7', userAgent: 'Phone' };
    const visits: readonly [client: Client, written: Partial<Update>, stored: Client][] = [
      [phone, { address: true, userAgent: true }, phone],
      [phone, { address: false, userAgent: false }, phone],
      [
        { ...phone, address: '203.0.113.8' },
        { address: true, userAgent: false },
        { ...phone, address: '203.0.113.8' },
      ],
      [{}, { address: false, userAgent: false }, { ...phone, address: '203.0.113.8' }],
      [{ userAgent: 'Tablet' }, { address: false, userAgent: true }, { address: '203.0.113.8', userAgent: 'Tablet' }],
    ];
    for (const [client, written, stored] of visits) {
      changes.length = 0;
      world.now += 400;
      await browser.finish(await browser.start(client));
      expect(updates()).toMatchObject([{ touched: true, ...written }]);
      expect(await record()).toMatchObject(stored);
    }
  });
});

describe('the time of a login', () => {
  it('has a fraction, so that of two in one second one is the later', async () => {
    world.now += 0.25;
    await browser.request((session) => session.logIn('user-1'));
    expect(await record()).toMatchObject({ authenticatedAt: world.now, rotatedAt: Math.floor(world.now) });
    const session = await browser.start();
    expect(session.authenticatedAt).toEqual(new Date(world.now * 1_000));
    expect(() => session.requireRecentLogin(0)).not.toThrow();
  });
});
