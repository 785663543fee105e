import { describe, expect, it } from 'vitest';
import { GuardedLayer } from '../../src/core/guarded-layer.js';
import { loginOf } from '../../src/core/provider-login.js';
import { type IdTokenClaims, LoginEndedError, LoginTooOldError, type PersistenceLayer } from '../../src/index.js';
import { endLogin, endLoginsOf } from '../../src/oidc/end-logins.js';
import { Gate } from '../world/gate.js';
import { layerWith } from '../world/layer-with.js';
import { newId } from '../world/records.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { Browser } from '../world/world.js';

const ISSUER = 'https://issuer.example';

describe.each(stores())('17. a login that its provider ends, on $name (L13)', (each) => {
  let { store, world, sessions, user } = {} as Setting;
  let sid: string;

  useStore(each, (setting) => {
    ({ store, world, user } = setting);
    sessions = world.sessions({ revocationCheck: 'always' });
    sid = newId();
  });

  const idToken = (claims: Partial<IdTokenClaims> = {}): IdTokenClaims => ({
    iss: ISSUER,
    iat: world.now,
    sid,
    ...claims,
  });

  const logIn = async (claims: Partial<IdTokenClaims> = {}, by = sessions, userId = user): Promise<Browser> => {
    const browser = new Browser(by);
    await browser.request((session) => session.logIn(userId, { idToken: idToken(claims) }));
    return browser;
  };

  const guarded = (persistence: PersistenceLayer = store.persistence): GuardedLayer<{ id: string }> =>
    new GuardedLayer(world.sessions({ persistence }).options) as unknown as GuardedLayer<{ id: string }>;

  /** The provider ends one login; it may say whose. */
  const end = (userId?: string, issuer = ISSUER, persistence?: PersistenceLayer): Promise<void> =>
    endLogin(guarded(persistence), loginOf(issuer, sid), userId);

  /** The provider logs a user out everywhere, at a time of its own. */
  const endAll = (issuedBefore = world.now, persistence?: PersistenceLayer): Promise<void> =>
    endLoginsOf(guarded(persistence), user, issuedBefore);

  const userOf = async (browser: Browser): Promise<unknown> => (await browser.start()).userId;

  /** A layer whose index has not heard of a session yet. */
  const lagging = (): PersistenceLayer =>
    layerWith(store.persistence, {
      userSessions: () => Promise.resolve([]),
      loadUserSessions: async (...call) => ({
        ...(await (store.persistence.loadUserSessions as NonNullable<PersistenceLayer['loadUserSessions']>)(...call)),
        sessions: new Map(),
      }),
    });

  describe('by its session at the provider', () => {
    it('is over, and no other login of the user is', async () => {
      const ended = await logIn();
      const others = [await logIn({ sid: newId() }), await logIn({ sid: undefined })];
      await end(user);
      expect(await userOf(ended)).toBeUndefined();
      for (const other of others) expect(await userOf(other)).toBe(user);
    });

    it('is gone from the store at once if the provider says whose it is', async () => {
      const browser = await logIn();
      const { id = '' } = await browser.start();
      await end(user);
      expect(await store.persistence.loadSession(id, { now: world.now })).toBeUndefined();
    });

    it('ends every session that came of it', async () => {
      const both = [await logIn(), await logIn()];
      await end(user);
      for (const browser of both) expect(await userOf(browser)).toBeUndefined();
    });

    it('ends nothing that came of another issuer’s session with the same name', async () => {
      const browser = await logIn({ iss: 'https://other.example' });
      await end(user);
      expect(await userOf(browser)).toBe(user);
      await end(user, 'https://other.example');
      expect(await userOf(browser)).toBeUndefined();
    });

    it.each([
      ['whose it is, and the index does not show it', () => end(user, ISSUER, lagging())],
      ['no more than that', () => end()],
    ])('is over in the next request that looks, if the provider says %s', async (_, logOut) => {
      const browser = await logIn();
      await logOut();
      world.takeEvents();
      expect(await userOf(browser)).toBeUndefined();
      expect(world.events).toEqual([expect.objectContaining({ type: 'revoked', reason: 'login-ended', userId: user })]);
      expect(await userOf(browser)).toBeUndefined();
    });

    it('is over when a touch is due, if that is when an application looks', async () => {
      const browser = await logIn({}, world.sessions());
      await end();
      expect(await userOf(browser)).toBe(user);
      world.now += 300;
      expect(await userOf(browser)).toBeUndefined();
    });

    it('is no session to whoever may only look, and is left to the others', async () => {
      const browser = await logIn();
      await end();
      const request = { tokens: [browser.token as string] };
      expect((await sessions.read(request)).userId).toBeUndefined();
      world.takeEvents();
      await browser.start();
      expect(world.takeEvents()).toEqual(['revoked']);
    });

    it('is in no list of the user’s any more', async () => {
      await logIn();
      const other = await logIn({ sid: newId() });
      await end();
      expect((await sessions.ofUser(user)).map(({ id }) => id)).toEqual([(await other.start()).id]);
    });

    it('begins no session after the logout has arrived', async () => {
      await end();
      const browser = new Browser(sessions);
      const session = await browser.start();
      await expect(session.logIn(user, { idToken: idToken() })).rejects.toBeInstanceOf(LoginEndedError);
      await browser.finish(session);
      expect(browser.token).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
    });

    it('leaves an anonymous session anonymous, and its data where it was, if it had ended before', async () => {
      const browser = new Browser(sessions);
      await browser.request((session) => session.set('theme', 'dark'));
      await end();
      const session = await browser.start();
      await expect(session.logIn(user, { idToken: idToken() })).rejects.toMatchObject({
        code: 'ERR_SESSION_LOGIN_ENDED',
      });
      await browser.finish(session);
      const after = await browser.start();
      expect([after.userId, after.get('theme')]).toEqual([undefined, 'dark']);
    });

    it.each(['loadMarks', 'saveSession'] as const)(
      'is over if the logout comes while the login waits before %s',
      async (operation) => {
        const gate = new Gate();
        const held = layerWith(store.persistence, {
          [operation]: async (...call: never[]) => {
            await gate.pass();
            return (store.persistence[operation] as (...args: never[]) => Promise<never>)(...call);
          },
        });
        const browser = new Browser(world.sessions({ persistence: held, revocationCheck: 'always' }));
        const login = browser.request((session) => session.logIn(user, { idToken: idToken() }));
        const outcome = login.catch((error: unknown) => error);
        await gate.reached;
        await end(user);
        gate.open();
        if (operation === 'loadMarks') expect(await outcome).toBeInstanceOf(LoginEndedError);
        await outcome;
        expect(await userOf(browser)).toBeUndefined();
      },
    );

    it('lets a session live that another login has taken over meanwhile', async () => {
      const browser = await logIn();
      const next = newId();
      const session = await browser.start();
      await session.logIn(user, { idToken: idToken({ sid: next }) });
      await end(user);
      await browser.finish(session);
      expect(await userOf(browser)).toBe(user);
    });

    it('lets a session live that another login takes over while the provider’s logout ends what it has found', async () => {
      const browser = await logIn();
      const session = await browser.start();
      const held = layerWith(store.persistence, {
        async deleteSession(...call) {
          await session.logIn(user, { idToken: idToken({ sid: newId() }) });
          await browser.finish(session);
          return store.persistence.deleteSession(...call);
        },
      });
      await end(user, ISSUER, held);
      expect(await userOf(browser)).toBe(user);
    });

    it('ends no session that a password has logged in anew', async () => {
      const browser = await logIn();
      await browser.request((session) => session.logIn(user));
      await end(user);
      expect(await userOf(browser)).toBe(user);
    });

    it('can be ended any number of times, and more than once at once', async () => {
      const browser = await logIn();
      await Promise.all([end(user), end(user), end()]);
      await end(user);
      expect(await userOf(browser)).toBeUndefined();
    });

    it('outlives no timeout of a session that came of it', async () => {
      const long = world.sessions({
        idleTimeout: 400 * 86_400,
        absoluteTimeout: 400 * 86_400,
        revocationCheck: 'always',
      });
      const browser = await logIn({}, long);
      await end();
      world.now += 400 * 86_400 - 1;
      expect(await userOf(browser)).toBeUndefined();
    });

    it('spares nobody for "log out all others"', async () => {
      const browser = await logIn();
      const session = await browser.start();
      await end();
      await sessions.logOutUser(user, { except: session });
      expect(await userOf(browser)).toBeUndefined();
    });
  });

  describe('with all of its user’s', () => {
    it('is over, and so is what another login of the user has begun', async () => {
      const browsers = [await logIn(), await logIn({ sid: newId() }), await logIn({ sid: undefined })];
      const other = await logIn({}, sessions, newId());
      await endAll();
      for (const browser of browsers) expect(await userOf(browser)).toBeUndefined();
      expect(await userOf(other)).toBeDefined();
    });

    it('is over in the next request that looks, if the index does not show it', async () => {
      const browser = await logIn();
      await endAll(world.now, lagging());
      expect(await userOf(browser)).toBeUndefined();
    });

    it.each([0, -1, -60])('begins no session by an ID token of %i seconds after the logout', async (age) => {
      await endAll();
      const session = await new Browser(sessions).start();
      const login = session.logIn(user, { idToken: idToken({ iat: world.now + age, sid: undefined }) });
      await expect(login).rejects.toBeInstanceOf(LoginEndedError);
      expect(await sessions.ofUser(user)).toEqual([]);
    });

    it('begins none by such a token in an exclusive login either, whenever the logout comes', async () => {
      const gate = new Gate();
      const held = layerWith(store.persistence, {
        raiseUserMark: async (...call) => {
          await gate.pass();
          return store.persistence.raiseUserMark?.(...call);
        },
      });
      const browser = new Browser(world.sessions({ persistence: held, revocationCheck: 'always' }));
      const session = await browser.start();
      const login = session.logIn(user, { idToken: idToken(), exclusive: true }).catch((error: unknown) => error);
      await gate.reached;
      await endAll();
      gate.open();
      expect(await login).toBeInstanceOf(LoginEndedError);
      expect(await userOf(browser)).toBeUndefined();
    });

    it('lets a login begin by an ID token that was issued after it', async () => {
      await endAll();
      expect(await userOf(await logIn({ iat: world.now + 1 }))).toBe(user);
    });

    it('ends no login that came after it, however often and in which order the provider says it', async () => {
      await logIn();
      await endAll(world.now);
      const later = await logIn({ iat: world.now + 1 });
      for (const time of [world.now, world.now - 10, world.now]) await endAll(time);
      expect(await userOf(later)).toBe(user);
      const session = await new Browser(sessions).start();
      await expect(session.logIn(user, { idToken: idToken() })).rejects.toBeInstanceOf(LoginEndedError);
      await endAll(world.now + 2);
      expect(await userOf(later)).toBeUndefined();
    });

    it('finishes what a failure has left, and ends nothing that has begun meanwhile', async () => {
      const old = await logIn();
      const { id = '' } = await old.start();
      const failing = layerWith(store.persistence, { userSessions: () => Promise.reject(new Error('down')) });
      await expect(endAll(world.now, failing)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
      const later = await logIn({ iat: world.now + 1 });
      await endAll(world.now);
      expect(await store.persistence.loadSession(id, { now: world.now })).toBeUndefined();
      expect(await userOf(later)).toBe(user);
    });

    it('keeps the time of the logout, whatever else raises the mark', async () => {
      await endAll();
      await sessions.logOutUser(user);
      const session = await new Browser(sessions).start();
      await expect(session.logIn(user, { idToken: idToken() })).rejects.toBeInstanceOf(LoginEndedError);
    });
  });

  describe('says when the user last gave a proof', () => {
    it('by auth_time, and goes by that for a recent login', async () => {
      const browser = await logIn({ auth_time: world.now - 100 });
      const session = await browser.start();
      expect(session.authenticatedAt).toEqual(new Date((world.now - 100) * 1_000));
      session.requireRecentLogin(100);
      expect(() => session.requireRecentLogin(99)).toThrow(LoginTooOldError);
    });

    it('as unknown, if the token has no auth_time: then no login is recent', async () => {
      const session = await (await logIn()).start();
      expect(session.authenticatedAt).toBeUndefined();
      expect(() => session.requireRecentLogin(1e9)).toThrow(LoginTooOldError);
    });

    it('never as later than now, whatever the provider’s clock says', async () => {
      const session = await (await logIn({ auth_time: world.now + 500 })).start();
      expect(session.authenticatedAt).toEqual(new Date(world.now * 1_000));
    });

    it('as the time of the login once a login without a token has come', async () => {
      const browser = await logIn({ auth_time: world.now - 100 });
      await browser.request((session) => session.logIn(user));
      (await browser.start()).requireRecentLogin(0);
    });

    it('and counts among the user’s logins by when it came, not by that', async () => {
      const one = world.sessions({ maxSessionsPerUser: 1 });
      await logIn({ auth_time: world.now, sid: newId() }, one);
      world.now += 1;
      const later = await logIn({ auth_time: world.now - 5_000 }, one);
      expect(await userOf(later)).toBe(user);
    });
  });

  it.each<[string, object]>([
    ['no issuer', { iat: 1, sid: 'x' }],
    ['an empty issuer', { iss: '', iat: 1 }],
    ['no time', { iss: ISSUER }],
    ['a time that is text', { iss: ISSUER, iat: '1' }],
    ['an empty sid', { iss: ISSUER, iat: 1, sid: '' }],
    ['a sid that is a number', { iss: ISSUER, iat: 1, sid: 7 }],
    ['an auth_time that is text', { iss: ISSUER, iat: 1, auth_time: '7' }],
  ])('is refused if its claims have %s, before anything is done', async (_, claims) => {
    const session = await new Browser(sessions).start();
    await expect(session.logIn(user, { idToken: claims as IdTokenClaims })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIGURATION',
    });
    expect(session.userId).toBeUndefined();
  });
});
