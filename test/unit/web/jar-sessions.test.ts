import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { type CookieAttributes, type CookieJar, JarSessions, withSession } from '../../../src/web/index.js';
import { tryArrivals } from '../cookies/visits.js';
import { FORGED, LambdaWorld } from '../lambda/lambda-world.js';

const TOKEN = /^[\w-]{22}\.[\w-]{32}$/;
const DAY_MS = 86_400_000;

/** A jar as frameworks have it: what is set in it, it tells from then on. */
class Jar implements CookieJar {
  readonly cookies: [name: string, value: string, attributes: CookieAttributes][] = [];
  readonly #values: Map<string, string>;

  constructor(header = '') {
    this.#values = new Map(header.split('; ').map((pair) => pair.split('=') as [string, string]));
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string, attributes: CookieAttributes): void {
    this.cookies.push([name, value, attributes]);
    this.#values.set(name, value);
  }
}

const requestOf = (cookie?: string) => ({ headers: new Headers(cookie === undefined ? {} : { cookie }) });

describe('a session whose cookie is set through a jar', () => {
  it('puts the cookie there, with its attributes, for as long as the session may live', async () => {
    const requests = new JarSessions(new LambdaWorld().sessions);
    const jar = new Jar();
    await requests.run(requestOf(), jar, (session) => session.logIn('ann'));
    const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'lax', expires: expect.any(Date) };
    expect(jar.cookies).toEqual([['__Host-id', expect.stringMatching(TOKEN), attributes]]);
    expect((jar.cookies[0]![2].expires.getTime() - Date.now()) / DAY_MS).toBeCloseTo(30, 2);
  });

  it('puts it there with the attributes of its options', async () => {
    const cookie = {
      name: '__Secure-id',
      domain: 'example.com',
      path: '/app',
      sameSite: 'None',
      partitioned: true,
    } as const;
    const requests = new JarSessions(new LambdaWorld().sessions, { cookie });
    const jar = new Jar();
    await requests.run(requestOf(), jar, (session) => session.logIn('ann'));
    const { expires: _, ...attributes } = jar.cookies[0]![2];
    expect(attributes).toEqual({
      path: '/app',
      domain: 'example.com',
      secure: true,
      httpOnly: true,
      sameSite: 'none',
      partitioned: true,
    });
  });

  it('C5: clears the cookie with a date in the past and the same attributes', async () => {
    const world = new LambdaWorld();
    const cookie = `__Host-id=${await world.token()}`;
    const jar = new Jar(cookie);
    await new JarSessions(world.sessions).run(requestOf(cookie), jar, (session) => session.destroy());
    const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'lax', expires: new Date(0) };
    expect(jar.cookies).toEqual([['__Host-id', '', attributes]]);
  });

  it('sets nothing for a session that has no new cookie, and nothing for a stranger', async () => {
    const world = new LambdaWorld();
    const cookie = `__Host-id=${await world.token()}`;
    const requests = new JarSessions(world.sessions);
    const [jar, strangersJar] = [new Jar(cookie), new Jar()];
    expect(await requests.run(requestOf(cookie), jar, (session) => session.get('theme'))).toBe('dark');
    expect(await requests.run(requestOf(), strangersJar, (session) => session.get('theme'))).toBeUndefined();
    expect([jar.cookies, strangersJar.cookies]).toEqual([[], []]);
    expect(world.calls).toEqual(['loadSession']);
  });

  it('is seen by the next that reads the jar in the same request', async () => {
    const requests = new JarSessions(new LambdaWorld().sessions);
    const jar = new Jar();
    await requests.run(requestOf(), jar, (session) => session.logIn('ann'));
    expect((await requests.read(requestOf(), jar)).userId).toBe('ann');
    await requests.run(requestOf(), jar, (session) => session.logOut());
    expect((await requests.read(requestOf(), jar)).userId).toBeUndefined();
  });

  it('is not the one of the request any more after the jar has got another cookie', async () => {
    const world = new LambdaWorld();
    const cookie = `__Host-id=${await world.token()}`;
    const jar = new Jar(cookie);
    jar.set('__Host-id', '', {} as CookieAttributes);
    expect((await new JarSessions(world.sessions).read(requestOf(cookie), jar)).id).toBeUndefined();
  });

  it('C2: is the good one of two cookies, whichever of them the jar tells', async () => {
    const world = new LambdaWorld();
    const token = await world.token();
    const requests = new JarSessions(world.sessions);
    for (const cookies of [
      [token, FORGED],
      [FORGED, token],
    ]) {
      const header = cookies.map((value) => `__Host-id=${value}`).join('; ');
      expect((await requests.read(requestOf(header), new Jar(header))).get('theme')).toBe('dark');
    }
  });

  it('may come from a jar that tells an object with the value', async () => {
    const world = new LambdaWorld();
    const value = await world.token();
    const session = await new JarSessions(world.sessions).read(requestOf(), { get: () => ({ value }) });
    expect(session.get('theme')).toBe('dark');
  });

  it('begins with create: true only for a request that can begin a visit', async () => {
    const { begun, expected } = await tryArrivals(async ({ method, headers }, cookie) => {
      const jar = new Jar();
      const requests = new JarSessions(new LambdaWorld().sessions, { cookie });
      await requests.run({ method, headers: new Headers(headers) }, jar, () => {}, { create: true });
      return jar.cookies.length > 0;
    });
    expect(begun).toEqual(expected);
  });
});

describe('work that throws', () => {
  const redirect = { location: '/' };
  const isAnswer = (thrown: unknown): boolean => thrown === redirect;

  it('saves nothing that was only set, and sends the cookie of a login', async () => {
    const world = new LambdaWorld();
    const jar = new Jar();
    const requests = new JarSessions(world.sessions, { isAnswer });
    const run = requests.run(requestOf(), jar, async (session) => {
      await session.logIn('ann');
      session.set('theme', 'dark');
      throw new Error('no');
    });
    await expect(run).rejects.toThrow('no');
    const session = await requests.read(requestOf(), jar);
    expect([session.userId, session.get('theme')]).toEqual(['ann', undefined]);
  });

  it('sets no cookie if nothing was written', async () => {
    const world = new LambdaWorld();
    const jar = new Jar();
    const run = new JarSessions(world.sessions).run(requestOf(), jar, (session) => {
      session.set('theme', 'dark');
      throw new Error('no');
    });
    await expect(run).rejects.toThrow('no');
    expect([jar.cookies, world.calls]).toEqual([[], []]);
  });

  it('saves what was set if what it throws is an answer, and throws that on', async () => {
    const jar = new Jar();
    const requests = new JarSessions(new LambdaWorld().sessions, { isAnswer });
    const run = requests.run(requestOf(), jar, (session) => {
      session.set('theme', 'dark');
      throw redirect;
    });
    await expect(run).rejects.toBe(redirect);
    expect((await requests.read(requestOf(), jar)).get('theme')).toBe('dark');
  });

  it('has closed the session', async () => {
    let kept!: { set: (key: 'theme', value: 'dark') => void };
    const run = new JarSessions(new LambdaWorld().sessions).run(requestOf(), new Jar(), (session) => {
      kept = session;
      throw new Error('no');
    });
    await expect(run).rejects.toThrow('no');
    expect(() => kept.set('theme', 'dark')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLOSED' }));
  });
});

describe('a store that fails at the end', () => {
  it('is an error, and the login before has its cookie', async () => {
    let isDown = false;
    const world: LambdaWorld = new LambdaWorld({
      saveSession: (...save) => (isDown ? Promise.reject(new Error('down')) : memory.persistence.saveSession(...save)),
      loadSession: (...load) => memory.persistence.loadSession(...load),
    });
    const memory = new LambdaWorld();
    const jar = new Jar();
    const requests = new JarSessions(world.sessions);
    const run = requests.run(requestOf(), jar, async (session) => {
      await session.logIn('ann');
      session.set('theme', 'dark');
      isDown = true;
    });
    await expect(run).rejects.toBeInstanceOf(StoreUnavailableError);
    expect((await requests.read(requestOf(), jar)).userId).toBe('ann');
  });
});

describe('a run inside of a handler of the same request', () => {
  it('has the session of the outer run, which ends it: one cookie, and the login stands', async () => {
    const world = new LambdaWorld();
    const requests = new JarSessions(world.sessions);
    const jar = new Jar();
    const request = requestOf();
    await requests.run(request, jar, async (session) => {
      await requests.run(request, jar, (same) => same.logIn('ann'));
      session.set('theme', 'dark');
    });
    expect(jar.cookies).toHaveLength(1);
    const seen = await requests.read(requestOf(), jar);
    expect([seen.userId, seen.get('theme')]).toEqual(['ann', 'dark']);
  });

  it('finds it by the headers, where each call has its own view of the request', async () => {
    const requests = new JarSessions(new LambdaWorld().sessions);
    const { headers } = requestOf();
    await requests.run({ headers }, new Jar(), (session) =>
      requests.run({ headers }, new Jar(), (same) => expect(same).toBe(session)),
    );
  });

  it('has the session of withSession', async () => {
    const { sessions } = new LambdaWorld();
    const jar = new Jar();
    const handler = withSession(sessions, async (request, session) => {
      await new JarSessions(sessions).run(request, jar, (same) => expect(same).toBe(session));
      session.set('theme', 'dark');
      return new Response();
    });
    const response = await handler(new Request('https://shop.example.com/'));
    expect([jar.cookies, response.headers.getSetCookie().length]).toEqual([[], 1]);
  });

  it('leaves the session open for the outer one when it throws', async () => {
    const requests = new JarSessions(new LambdaWorld().sessions);
    const jar = new Jar();
    const request = requestOf();
    await requests.run(request, jar, async (session) => {
      const inner = requests.run(request, jar, () => Promise.reject(new Error('no')));
      await expect(inner).rejects.toThrow('no');
      session.set('theme', 'dark');
    });
    expect((await requests.read(requestOf(), jar)).get('theme')).toBe('dark');
  });

  it('is another request after it', async () => {
    const requests = new JarSessions(new LambdaWorld().sessions);
    const jar = new Jar();
    const request = requestOf();
    const first = await requests.run(request, jar, (session) => session);
    expect(await requests.run(request, jar, (session) => session)).not.toBe(first);
  });
});
