import { describe, expect, it } from 'vitest';
import { MemoryPersistenceLayer } from '../../../src/index.js';
import { type LambdaEvent, withSession } from '../../../src/lambda/index.js';
import {
  albEvent,
  type CookieAnswer,
  type EventOptions,
  functionUrlEvent,
  httpApiEvent,
  restApiEvent,
  TestClock,
  testSessions,
} from '../../../src/testing/index.js';
import { withSession as withWebSession } from '../../../src/web/index.js';

interface App {
  theme: string;
}

const sources: readonly [string, (options: EventOptions) => LambdaEvent][] = [
  ['an HTTP API', httpApiEvent],
  ['a Function URL', functionUrlEvent],
  ['a REST API', restApiEvent],
  ['a load balancer', albEvent],
  ['a load balancer with multi-value headers', (options) => albEvent({ ...options, multiValueHeaders: true })],
];

describe.each(sources)('sessions for tests, behind %s', (_, eventOf) => {
  const set = testSessions<App>({ idleTimeout: 600 });
  const seen: unknown[] = [];
  const handler = withSession(set.sessions, async (event: LambdaEvent, session) => {
    const path = 'rawPath' in event ? event.rawPath : event.path;
    if (path === '/login') await session.logIn('user-2');
    if (path === '/logout') await session.logOut();
    seen.push([session.userId, session.get('theme')]);
    return { statusCode: 200, body: '' } as never;
  });
  const visit = async (options: EventOptions): Promise<unknown> => {
    options.jar?.receive((await handler(eventOf(options), {})) as CookieAnswer);
    return seen.at(-1);
  };

  it('sign a user in, with data', async () => {
    const jar = await set.signIn('user-1', { data: { theme: 'dark' } });
    expect(await visit({ jar })).toEqual(['user-1', 'dark']);
    expect(await visit({ jar: set.newJar() })).toEqual([undefined, undefined]);
  });

  it('keep in a jar what the handler sets', async () => {
    const jar = set.newJar();
    await visit({ path: '/login', jar });
    expect(await visit({ jar })).toEqual(['user-2', undefined]);
    await visit({ path: '/logout', jar });
    expect(await visit({ jar })).toEqual([undefined, undefined]);
    expect(jar.cookies()).toEqual([]);
  });

  it('tell the handler of another client where a test wants one', async () => {
    const { sessions, signIn } = testSessions({ acceptRemoteIp: { ipv4Bits: 24, otherwise: 'destroy' } });
    const whose = withSession(sessions, (_event: LambdaEvent, session) => {
      seen.push(session.userId);
      return { statusCode: 200, body: '' } as never;
    });
    const jar = await signIn('user-1');
    for (const [address, userId] of [
      ['203.0.113.200', 'user-1'],
      ['198.51.100.1', undefined],
    ] as const) {
      await whose(eventOf({ jar, address, userAgent: 'curl/8' }), {});
      expect(seen.at(-1)).toBe(userId);
    }
    const userAgents = testSessions({ acceptChangingUserAgent: { otherwise: 'destroy' } });
    const session = withSession(userAgents.sessions, (_event: LambdaEvent, { userId }) => {
      seen.push(userId);
      return { statusCode: 200, body: '' } as never;
    });
    await session(eventOf({ jar: await userAgents.signIn('user-1'), userAgent: 'curl/8' }), {});
    expect(seen.at(-1)).toBeUndefined();
  });

  it('end by the clock', async () => {
    const jar = await set.signIn('user-1');
    set.clock.advance(599);
    expect(await visit({ jar })).toEqual(['user-1', undefined]);
    set.clock.advance(601);
    expect(await visit({ jar })).toEqual([undefined, undefined]);
  });
});

describe('sessions for tests', () => {
  it('are of the client that events and requests come from, where a stranger’s would end', async () => {
    const strict = {
      acceptRemoteIp: { otherwise: 'destroy' },
      acceptChangingUserAgent: { otherwise: 'destroy' },
    } as const;
    const { sessions, signIn } = testSessions(strict);
    const web = withWebSession(sessions, (_request, session) => Response.json(session.userId ?? null));
    const lambda = withSession(sessions, (_event, session) => String(session.userId));
    const jar = await signIn('user-1');
    expect(await (await web(jar.request('https://shop.example/'))).json()).toBe('user-1');
    expect(await lambda(httpApiEvent({ jar }), {})).toBe('user-1');
  });

  it('take the options of Sessions, a user object and a cookie of another name', async () => {
    const persistence = new MemoryPersistenceLayer({ loadUser: async (id) => ({ id, name: `name of ${id}` }) });
    const cookie = { name: 'id', path: '/shop', secure: false } as const;
    const { sessions, newJar, signIn } = testSessions({ persistence, cookie });
    const browser = newJar();
    expect(await signIn({ id: 'user-1', name: '' }, { jar: browser })).toBe(browser);
    const handler = withSession(sessions, async (_event, session) => JSON.stringify(await session.user()), { cookie });
    expect(await handler(httpApiEvent({ path: '/shop', jar: browser }), {})).toContain('name of user-1');
    expect(browser.cookies()).toEqual([]);
  });

  it('start at the time they are told, and refuse what is none', () => {
    const { clock } = testSessions({ now: '2026-01-01T00:00:00Z' });
    expect(clock.now()).toBe(Date.UTC(2026, 0, 1));
    clock.set(new Date(0));
    clock.advance(1.5);
    expect(clock.now()).toBe(1_500);
    expect(() => new TestClock('soon')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIGURATION' }));
    expect(() => testSessions({ idle: 3 } as never)).toThrow('Unknown option idle');
  });
});
