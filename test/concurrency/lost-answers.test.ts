import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { GuardedLayer } from '../../src/core/guarded-layer.js';
import { loginOf } from '../../src/core/provider-login.js';
import {
  type Session,
  SessionGoneError,
  type Sessions,
  type SessionUser,
  StoreUnavailableError,
} from '../../src/index.js';
import { endLogin, endLoginsOf } from '../../src/oidc/end-logins.js';
import { engines } from '../engines/index.js';
import { clientInTurn, layerFor } from '../world/clients.js';
import { type Fault, Network } from '../world/faults.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { tombstoneAt } from '../world/tombstones.js';
import { type App, Browser, World } from '../world/world.js';

// The promises that are about the network between a Lambda and DynamoDB.

describe.each(engines())('the promises about lost answers and late writes on $name', (engine) => {
  const client = clientInTurn(engine);
  let table: TestTable;
  let network: Network;
  let world: World;
  let sessions: Sessions<App>;
  let browser: Browser;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  beforeEach(async () => {
    const lambda = await instance(1_500);
    ({ network, world } = lambda);
    sessions = world.sessions();
    browser = new Browser(sessions);
    users += 1;
    user = `user-${users}`;
    return lambda.close;
  });

  async function instance(timeoutMs?: number): Promise<{ network: Network; world: World; close: () => Promise<void> }> {
    const before = await Network.before(engine);
    const options = { tableName: table.tableName, ...(timeoutMs && { timeoutMs }) };
    const { layer, close } = client.layerAt(before.endpoint, options);
    return {
      network: before,
      world: new World(layer),
      async close() {
        close();
        await before.close();
      },
    };
  }

  /** Another instance, for each attempt of which something else comes just before. */
  async function crowdedInstance(
    act: (operation: string) => Promise<void>,
  ): Promise<{ network: Network; sessions: Sessions<App> }> {
    const crowded = await instance();
    onTestFinished(crowded.close);
    crowded.network.interject(act);
    return { network: crowded.network, sessions: crowded.world.sessions() };
  }

  const itemOf = async (id: string) => (await table.items()).find((item) => item['id']?.S === id);

  describe('a logout at a provider, of which answers are lost or copies land late,', () => {
    const ISSUER = 'https://issuer.example';
    const logIn = async (iat: number, sid?: string): Promise<Browser> => {
      const theirs = new Browser(world.sessions({ revocationCheck: 'always' }));
      await theirs.request((session) => session.logIn(user, { idToken: { iss: ISSUER, iat, sid } }));
      return theirs;
    };
    const userOf = async (theirs: Browser): Promise<unknown> => (await theirs.start()).userId;
    const layer = (): GuardedLayer<SessionUser> => new GuardedLayer(sessions.options as never);

    it.each([['drop-after'], ['zombie'], ['drop-before', 'drop-after']] as Fault[][])(
      'ends what came before it, and nothing that has begun since (%s %s)',
      async (...faults) => {
        const before = await logIn(world.now);
        network.plan('UpdateItem', ...faults);
        await endLoginsOf(layer(), user, world.now);
        const later = await logIn(world.now + 1);
        await network.releaseZombies();
        await endLoginsOf(layer(), user, world.now);
        expect([await userOf(before), await userOf(later)]).toEqual([undefined, user]);
      },
    );

    it.each([['drop-after'], ['zombie']] as Fault[][])('ends one login, and no other (%s)', async (...faults) => {
      const [ended, other] = [await logIn(world.now, `${user} 1`), await logIn(world.now, `${user} 2`)];
      network.plan('PutItem', ...faults);
      await endLogin(layer(), loginOf(ISSUER, `${user} 1`), user);
      await network.releaseZombies();
      expect([await userOf(ended), await userOf(other)]).toEqual([undefined, user]);
    });
  });

  describe('8. a write that was applied but whose answer was lost is reported as done, once (F3)', () => {
    const lost: Fault[][] = [['drop-after'], ['zombie'], ['drop-after', 'drop-after'], ['drop-before', 'drop-after']];

    it.each(lost)('create (%s %s)', async (...faults) => {
      const before = (await table.items()).length;
      network.plan('PutItem', ...faults);
      expect(await browser.request((session) => session.set('theme', 'dark'))).toMatchObject({ kind: 'set' });
      await network.releaseZombies();
      expect(await table.items()).toHaveLength(before + 1);
      expect((await browser.start()).get('theme')).toBe('dark');
    });

    it.each(lost)('save (%s %s)', async (...faults) => {
      await browser.request((session) => session.set('theme', 'dark'));
      network.plan('UpdateItem', ...faults);
      network.sent.length = 0;
      await browser.request((session) => session.set('visits', 1));
      // The write, as often as it was sent, and the raise of the fence by which a copy of it is refused.
      expect(network.sent).toEqual(['GetItem', ...faults.map(() => 'UpdateItem'), 'UpdateItem', 'UpdateItem']);
      await network.releaseZombies();
      const session = await browser.start();
      expect(Object.fromEntries(session.entries())).toEqual({ theme: 'dark', visits: 1 });
      expect(await itemOf(session.id as string)).toMatchObject({ fence: { N: '1' } });
    });

    it.each<[string, (session: Session<App>) => unknown]>([
      ['set', (session) => session.set('theme', 'light')],
      ['delete', (session) => session.delete('theme')],
      ['take', (session) => session.getAndDelete('theme')],
      ['update', (session) => session.update('theme', () => 'light')],
    ])('a copy of a save that lands late does not undo what came after it: a %s', async (_, change) => {
      await browser.request((session) => session.set('cart', ['book']));
      network.plan('UpdateItem', 'zombie');
      await browser.request((session) => session.set('theme', 'dark'));
      await browser.request(change);
      const before = Object.fromEntries((await browser.start()).entries());
      expect(await network.releaseZombies()).toBe(1);
      expect(Object.fromEntries((await browser.start()).entries())).toEqual(before);
    });

    it('a save that its own request gives up does not undo what the request saves after it', async () => {
      await browser.request((session) => session.set('cart', ['book']));
      const session = await browser.start();
      network.plan('UpdateItem', 'zombie', 'zombie', 'zombie');
      session.set('theme', 'dark');
      await expect(session.save()).rejects.toThrow(StoreUnavailableError);
      session.set('theme', 'light');
      await browser.finish(session);
      expect(await network.releaseZombies()).toBe(3);
      expect((await browser.start()).get('theme')).toBe('light');
    });

    it.each(lost)('update: never twice (%s %s)', async (...faults) => {
      await browser.request((session) => session.set('visits', 0));
      network.plan('UpdateItem', ...faults);
      await browser.request(async (session) => expect(await session.update('visits', (n = 0) => n + 1)).toBe(1));
      await network.releaseZombies();
      expect((await browser.start()).get('visits')).toBe(1);
    });

    it.each<[string, Fault, string]>([
      [
        'an update that was applied before another write is an error: whether it was, nobody can know',
        'drop-after',
        'fails',
      ],
      ['an update that comes late, after another write, is done once', 'zombie', 'done'],
    ])('%s', async (_, fault, outcome) => {
      await browser.request((session) => session.set('visits', 0));
      const other = await browser.start();
      other.set('theme', 'dark');
      let attempts = 0;
      const crowded = await crowdedInstance(async (operation) => {
        if (operation === 'UpdateItem') attempts += 1;
        if (attempts === 2) await other.save();
      });
      crowded.network.plan('UpdateItem', fault);
      const session = await crowded.sessions.start({ tokens: [browser.token as string] });
      const answer: unknown = await session.update('visits', (n = 0) => n + 1).catch((thrown: unknown) => thrown);
      if (outcome === 'done') expect(answer).toBe(1);
      else expect(answer).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE', retryable: false });
      await crowded.network.releaseZombies();
      expect(Object.fromEntries((await browser.start()).entries())).toEqual({ theme: 'dark', visits: 1 });
    });

    it.each(lost)('login, with the same cookie (%s %s)', async (...faults) => {
      await browser.request((session) => session.set('theme', 'dark'));
      network.plan('UpdateItem', ...faults);
      await browser.request((session) => session.logIn(user));
      await network.releaseZombies();
      const session = await browser.start();
      expect([session.userId, session.get('theme')]).toEqual([user, 'dark']);
      expect(await sessions.ofUser(user)).toHaveLength(1);
    });

    it.each(lost)('rotation, with the same cookie (%s %s)', async (...faults) => {
      await browser.request((session) => session.logIn(user));
      world.now += 3_600;
      network.plan('UpdateItem', ...faults);
      const action = await browser.request();
      await network.releaseZombies();
      expect(action).toMatchObject({ kind: 'set' });
      expect((await browser.start()).userId).toBe(user);
    });

    it.each(lost)('getAndDelete: the value is neither lost nor handed out twice (%s %s)', async (...faults) => {
      await browser.request((session) => session.set('challenge', 'once'));
      network.plan('UpdateItem', ...faults);
      await browser.request(async (session) => expect(await session.getAndDelete('challenge')).toBe('once'));
      await network.releaseZombies();
      await browser.request(async (session) => expect(await session.getAndDelete('challenge')).toBeUndefined());
    });

    it.each(lost)('destroy (%s %s)', async (...faults) => {
      await browser.request((session) => session.set('theme', 'dark'));
      const id = (await browser.start()).id as string;
      network.plan('PutItem', ...faults);
      expect(await browser.request((session) => session.destroy())).toEqual({ kind: 'clear' });
      await network.releaseZombies();
      expect(await itemOf(id)).toEqual(tombstoneAt(id, world.now));
    });

    it.each(lost)('logOutUser (%s %s)', async (...faults) => {
      await browser.request((session) => session.logIn(user));
      network.plan('UpdateItem', ...faults);
      network.plan('BatchWriteItem', ...faults);
      await sessions.logOutUser(user);
      await network.releaseZombies();
      expect((await browser.start()).userId).toBeUndefined();
    });
  });

  describe('1. a write that lands seconds after the session was ended does not bring it back (F2)', () => {
    it.each(['destroy', 'logOut'] as const)('a save, after %s', async (ending) => {
      await browser.request((session) => session.logIn(user));
      const late = await browser.start();
      late.set('theme', 'dark');
      network.plan('UpdateItem', 'zombie', 'zombie', 'zombie');
      await expect(late.commit()).rejects.toThrow(StoreUnavailableError);
      const id = late.id as string;
      await browser.request((session) => session[ending]());
      expect(await network.releaseZombies()).toBe(3);
      expect(await itemOf(id)).toEqual(tombstoneAt(id, world.now));
    });

    it.each(['destroy', 'revoke', 'log out everywhere'])('the very write that created it, after %s', async (ending) => {
      network.plan('PutItem', 'zombie');
      await browser.request((session) => session.logIn(user));
      const token = browser.token as string;
      const id = (await browser.start()).id as string;
      if (ending === 'destroy') await browser.request((session) => session.destroy());
      else if (ending === 'revoke') expect(await sessions.revoke(id)).toBe(true);
      else await sessions.logOutUser(user);
      const endedAt = world.now;

      expect(await network.releaseZombies()).toBe(1);
      world.now += 400;
      expect((await sessions.start({ tokens: [token] })).id).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
      expect(await itemOf(id)).toEqual(tombstoneAt(id, endedAt));
    });

    it('the second copy of the very write that created it, after a revoke that came between the two', async () => {
      const revoked: string[] = [];
      const crowded = await crowdedInstance(async (operation) => {
        const [own] = operation === 'PutItem' ? await sessions.ofUser(user) : [];
        if (own !== undefined && (await sessions.revoke(own.id))) revoked.push(own.id);
      });
      crowded.network.plan('PutItem', 'drop-after');
      const login = new Browser(crowded.sessions).request((session) => session.logIn(user));
      await expect(login).rejects.toThrow(StoreUnavailableError);
      expect(revoked).toHaveLength(1);
      expect(await itemOf(revoked[0] as string)).toEqual(tombstoneAt(revoked[0] as string, world.now));
      expect(await sessions.ofUser(user)).toEqual([]);
    });

    it('a create that failed for its client leaves one session, listed, of which nobody has the cookie, until the user logs it out', async () => {
      network.plan('PutItem', 'zombie', 'zombie', 'zombie');
      const session = await browser.start();
      await expect(session.logIn(user)).rejects.toThrow(StoreUnavailableError);
      await session.logIn(user);
      const id = session.id as string;
      browser.receive(await session.commit());
      expect(await network.releaseZombies()).toBe(3);
      expect((await browser.start()).id).toBe(id);

      const others = (await sessions.ofUser(user)).filter((listed) => listed.id !== id);
      expect(others).toHaveLength(1);
      await sessions.logOutUser(user, { except: session });
      const left = (await table.items()).filter((item) => item['user']?.S === `s:${user}`);
      expect(left.map((item) => item['id']?.S)).toEqual([id]);
      expect((await browser.start()).userId).toBe(user);
    });
  });

  describe('7. a storage failure is never "no session"', () => {
    const failures: Fault[][] = [
      ['drop-before', 'drop-before', 'drop-before'],
      ['fail', 'fail', 'fail'],
      ['zombie', 'zombie', 'zombie'],
      ['hang', 'hang', 'hang'],
    ];

    it.each(failures)('start throws a retryable error (%s)', async (...faults) => {
      await browser.request((session) => session.set('theme', 'dark'));
      network.plan('GetItem', ...faults);
      const error: unknown = await browser.start().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ retryable: true, code: 'ERR_SESSION_STORE_UNAVAILABLE' });
      expect(world.takeEvents()).toContain('store-failure');
      expect((await browser.start()).get('theme')).toBe('dark');
    });

    it.each(failures)('commit throws if what was set could not be saved (%s)', async (...faults) => {
      await browser.request((session) => session.set('theme', 'dark'));
      const session = await browser.start();
      session.set('theme', 'light');
      network.plan('UpdateItem', ...faults);
      await expect(session.commit()).rejects.toThrow(StoreUnavailableError);
      expect((await browser.start()).get('theme')).toBe('dark');
    });

    it.each(failures)(
      'a touch or a rotation that could not be written does not fail the page (%s)',
      async (...faults) => {
        await browser.request((session) => session.logIn(user));
        world.now += 3_600;
        network.plan('UpdateItem', ...faults);
        expect(await browser.request()).toEqual({ kind: 'keep' });
        expect((await browser.start()).userId).toBe(user);
        expect(await browser.request()).toMatchObject({ kind: 'set' });
      },
    );

    it('a missing table is not retryable, and says what to do', async () => {
      const lost = new World(layerFor(client, engine.endpoint, { tableName: 'nowhere' }));
      const tokens = [`${'A'.repeat(22)}.${'A'.repeat(32)}`];
      const error: unknown = await lost
        .sessions()
        .start({ tokens })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ retryable: false, message: expect.stringContaining('tableName') as string });
    });
  });

  describe('9. logOutUser, interrupted (L8)', () => {
    it('never reports success; the sessions are dead by the mark, and calling again finishes the rest (F6, F8)', async () => {
      const devices = Array.from({ length: 30 }, () => new Browser(sessions));
      await Promise.all(devices.map((device) => device.request((session) => session.logIn(user))));
      network.plan('BatchWriteItem', 'fail', 'fail', 'fail', 'fail', 'fail', 'fail');
      await expect(sessions.logOutUser(user)).rejects.toThrow(StoreUnavailableError);
      world.now += 400;
      expect((await devices[0]!.start()).userId).toBeUndefined();
      await sessions.logOutUser(user);
      expect((await table.items()).filter((item) => item['user']?.S === `s:${user}`)).toEqual([]);
    });

    it('a login whose answer is late does not escape it', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      const session = await browser.start();
      network.plan('UpdateItem', 'zombie', 'zombie', 'zombie');
      await expect(session.logIn(user)).rejects.toThrow(StoreUnavailableError);
      await sessions.logOutUser(user);
      await network.releaseZombies();
      expect(await sessions.ofUser(user)).toEqual([]);
    });
  });

  describe('15. a request that has ended nothing does not clear the cookie', () => {
    it.each<[string, () => void]>([
      ['was created by a write that was sent twice', () => network.plan('PutItem', 'zombie')],
      ['was created as usual', () => {}],
    ])('since the session has expired, which %s', async (_, plan) => {
      plan();
      await browser.request((session) => session.logIn(user));
      const late = await browser.start();
      world.now += 86_400;
      network.plan('PutItem', 'drop-before');
      await late.destroy();
      expect(await late.commit()).toEqual({ kind: 'keep' });
      await network.releaseZombies();
    });

    it('since another has ended the session at the same time, which was created by a write that was sent twice', async () => {
      network.plan('PutItem', 'zombie');
      await browser.request((session) => session.logIn(user));
      const other = await browser.start();
      const crowded = await crowdedInstance(async (operation) => {
        if (operation === 'PutItem') await other.destroy();
      });
      const late = await crowded.sessions.start({ tokens: [browser.token as string] });
      await late.destroy();
      expect(await other.commit()).toEqual({ kind: 'clear' });
      expect(await late.commit()).toEqual({ kind: 'keep' });
      await network.releaseZombies();
      expect(await sessions.ofUser(user)).toEqual([]);
    });
  });

  it('F10: an operation ends within its budget, whatever the store does', async () => {
    await browser.request((session) => session.set('theme', 'dark'));
    network.plan('GetItem', 'hang');
    const deadline = Date.now() + 300;
    await expect(browser.start({ deadline })).rejects.toThrow(StoreUnavailableError);
    await expect(browser.start({ deadline: Date.now() - 1 })).rejects.toThrow(/nothing was sent/);
  });

  it('a session that was ended meanwhile is an error for explicit writes, and not a store failure', async () => {
    await browser.request((session) => session.logIn(user));
    const session = await browser.start();
    await sessions.logOutUser(user);
    await expect(session.regenerate()).rejects.toThrow(SessionGoneError);
    await expect(session.logOut()).resolves.toBeUndefined();
  });
});
