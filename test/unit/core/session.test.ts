import { beforeEach, describe, expect, it } from 'vitest';
import { LoginTooOldError, MemoryPersistenceLayer, SessionClosedError, type Sessions } from '../../../src/index.js';
import { type App, Browser, World } from '../../world/world.js';

let world: World;
let sessions: Sessions<App>;
let browser: Browser;

beforeEach(async () => {
  world = new World(new MemoryPersistenceLayer());
  sessions = world.sessions();
  browser = new Browser(sessions);
  await browser.request((session) => session.set('theme', 'dark'));
});

describe('an anonymous session', () => {
  it.each([0, 3_600, Number.POSITIVE_INFINITY])('L10: has no recent login, by a maxAge of %d', async (maxAge) => {
    const session = await browser.start();
    expect(() => session.requireRecentLogin(maxAge)).toThrow(LoginTooOldError);
  });

  it('L8: is nobody’s to revoke, by whatever user', async () => {
    const { id = '' } = await browser.start();
    expect(await sessions.revoke(id, { ofUser: 'user-1' })).toBe(false);
    expect(await sessions.revoke(id, { ofUser: undefined })).toBe(false);
    expect((await browser.start()).id).toBe(id);
  });

  it('is revoked by its ID alone', async () => {
    const { id = '' } = await browser.start();
    expect(await sessions.revoke(id)).toBe(true);
    expect((await browser.start()).id).toBeUndefined();
  });
});

describe('a touch', () => {
  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => unknown]>([
    ['at the end of a request', () => {}],
    ['at a login', (session) => session.logIn('user-1')],
  ])('%s says when the request began, however long it has taken', async (_, handle) => {
    world.now += 400;
    const began = world.now;
    const session = await browser.start();
    world.now += 60;
    await handle(session);
    await browser.finish(session);
    expect((await browser.start()).lastSeenAt).toEqual(new Date(began * 1_000));
  });
});

describe('a request that is abandoned', () => {
  it('keeps what was written, with its cookie, and nothing that was only set', async () => {
    const session = await browser.start();
    await session.logIn('user-1');
    session.set('theme', 'light');
    const action = session.abandon();
    const token = action.kind === 'set' ? action.token : '';
    const seen = await sessions.read({ tokens: [token] });
    expect([seen.userId, seen.get('theme')]).toEqual(['user-1', 'dark']);
    expect(() => session.set('theme', 'light')).toThrow(SessionClosedError);
  });

  it('clears the cookie of a session that it has ended, and leaves every other one alone', async () => {
    const unchanged = await browser.start();
    unchanged.set('theme', 'light');
    expect(unchanged.abandon()).toEqual({ kind: 'keep' });
    const ended = await browser.start();
    await ended.destroy();
    expect(ended.abandon()).toEqual({ kind: 'clear' });
  });

  it('leaves the cookie alone if the session has ended since its login, as its commit found', async () => {
    const session = await browser.start();
    await session.logIn('user-1');
    await sessions.revoke(session.id ?? '');
    session.set('theme', 'light');
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(session.abandon()).toEqual({ kind: 'keep' });
  });
});
