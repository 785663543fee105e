import { describe, expect, it, vi } from 'vitest';
import { LambdaSessions, withSession } from '../../../src/lambda/index.js';
import { contextOf, FORGED, LambdaWorld, tokenOf } from './lambda-world.js';
import { type Service, serviceOf, services } from './services.js';

/** Which theme the session of a request with these cookies has. */
async function themeOf(world: LambdaWorld, service: Service, cookies: readonly string[]): Promise<string | undefined> {
  const session = await new LambdaSessions(world.sessions).start(service.event({ cookies }), { context: contextOf() });
  return session.get('theme');
}

const cookie = (token: string): string => `__Host-id=${token}`;

/** Well-formed tokens that the server never made, each with an ID of its own. */
const forgedTokens = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${String(index).padStart(21, 'f')}A.${'B'.repeat(32)}`);

describe.each(services)('the tokens of a request behind $name', (service) => {
  it('C2: a stale one first does not hide the live one', async () => {
    const world = new LambdaWorld();
    const [stale, live] = [await world.token({ theme: 'light' }), await world.token({ theme: 'dark' })];
    const session = await world.sessions.start({ tokens: [stale] });
    await session.destroy();

    expect(await themeOf(world, service, [cookie(stale), cookie(live)])).toBe('dark');
    expect(await themeOf(world, service, [cookie(live), cookie(stale)])).toBe('dark');
  });

  it('C2: a forged one first or last does not hide the live one', async () => {
    const world = new LambdaWorld();
    const live = await world.token({ theme: 'dark' });
    const wrongSecret = `${live.split('.')[0]}.${'B'.repeat(32)}`;
    for (const forged of [FORGED, wrongSecret, 'nonsense', '', `"${live}"`, ` ${live}x`]) {
      expect(await themeOf(world, service, [cookie(forged), cookie(live)]), `${forged} first`).toBe('dark');
      expect(await themeOf(world, service, [cookie(live), cookie(forged)]), `${forged} last`).toBe('dark');
    }
  });

  it('C2: the same one twice is one', async () => {
    const world = new LambdaWorld();
    const live = await world.token({ theme: 'dark' });
    expect(await themeOf(world, service, [cookie(live), 'a=b', cookie(live)])).toBe('dark');
    expect(world.calls).toEqual(['loadSession']);
  });

  it("C2: two live ones are nobody's, in either order, and both stay alive", async () => {
    const world = new LambdaWorld();
    const [mine, planted] = [await world.token({ theme: 'dark' }), await world.token({ theme: 'light' })];

    expect(await themeOf(world, service, [cookie(mine), cookie(planted)])).toBeUndefined();
    expect(await themeOf(world, service, [cookie(planted), cookie(mine)])).toBeUndefined();
    expect(world.events.filter(({ type }) => type === 'anomaly')).toEqual([
      expect.objectContaining({ reason: 'ambiguous-token', outcome: 'refused' }),
      expect.objectContaining({ reason: 'ambiguous-token', outcome: 'refused' }),
    ]);
    expect(await themeOf(world, service, [cookie(mine)])).toBe('dark');
    expect(await themeOf(world, service, [cookie(planted)])).toBe('light');
  });

  it('T5: are read from the cookie, and from nowhere else', async () => {
    const world = new LambdaWorld();
    const token = await world.token({ theme: 'dark' });
    const handler = withSession(world.sessions, (_event, session) => {
      expect(session.id).toBeUndefined();
      return {} as never;
    });
    const event = service.event({
      path: `/devices;__Host-id=${token}`,
      query: { '__Host-id': token, id: token, token },
      body: `__Host-id=${token}`,
      headers: {
        authorization: `Bearer ${token}`,
        'x-session': token,
        'set-cookie': cookie(token),
        cookie2: cookie(token),
        referer: `https://example.com/?__Host-id=${token}`,
      },
    });
    await handler(event as never, contextOf());
    expect(world.calls).toEqual([]);
  });

  it('T5: are written to the cookie, and to nowhere else', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, async (_event, session) => {
      await session.logIn('alice');
      return { statusCode: 302, headers: { location: '/devices' }, body: '' } as never;
    });
    const text = JSON.stringify(await handler(service.event() as never, contextOf()));
    const { setCookies } = service.receive(JSON.parse(text));
    const token = tokenOf({ statusCode: 0, headers: {}, setCookies, body: '' });
    expect(text.split(token)).toHaveLength(2);
    expect(text.split(token.split('.')[1] as string)).toHaveLength(2);
  });

  it('L11: a bot’s GET asks the store nothing, stores nothing, and gets no cookie', async () => {
    const world = new LambdaWorld();
    const result = { statusCode: 200, body: 'hello stranger' };
    const handler = withSession(world.sessions, async (_event, session) => {
      expect([session.get('theme'), session.has('cart'), session.keys(), await session.user()]).toEqual([
        undefined,
        false,
        [],
        undefined,
      ]);
      session.delete('theme');
      return result as never;
    });
    expect(await handler(service.event() as never, contextOf())).toBe(result);
    expect(
      await handler(
        service.event({ cookies: ['theme=dark', '__Host-id=scan.ner', '__Secure-id=x'] }) as never,
        contextOf(),
      ),
    ).toBe(result);
    expect(world.calls).toEqual([]);
  });

  it('L11: a visitor is stored if the application asks for it', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, () => ({ statusCode: 200, body: '' }) as never, { create: true });
    const response = service.receive(await handler(service.event() as never, contextOf()));
    expect(tokenOf(response)).toMatch(/\./);
    expect(world.calls).toEqual(['saveSession']);
  });

  describe('in bulk', () => {
    const floods: readonly (readonly [name: string, cookies: readonly string[]])[] = [
      ['180 cookies of other names', Array.from({ length: 180 }, (_, index) => `c${index}=${FORGED}`)],
      ['180 forged tokens', forgedTokens(180).map(cookie)],
      ['180 malformed tokens', Array.from({ length: 180 }, (_, index) => cookie(`x${index}`))],
      [
        '180 secrets for one ID',
        Array.from({ length: 180 }, (_, index) => cookie(`${'A'.repeat(22)}.${String(index).padStart(32, 'x')}`)),
      ],
      [
        'two forged tokens in 180 cookies',
        [...forgedTokens(2).map(cookie), ...Array.from({ length: 178 }, (_, index) => `c${index}=1`)],
      ],
      ['a token of 10 KB', [cookie('A'.repeat(10_240))]],
      ['10 KB of separators', [';'.repeat(10_240)]],
      ['1 MB of forged tokens', forgedTokens(15_000).map(cookie)],
      ['a token of 1 MB', [cookie('A'.repeat(1_048_576))]],
    ];

    it.each(floods)('C10: %s cost two reads at the most, and no write', async (_name, cookies) => {
      const world = new LambdaWorld();
      const output = [
        vi.spyOn(process.stdout, 'write'),
        vi.spyOn(process.stderr, 'write'),
        ...(['log', 'warn', 'error', 'info', 'debug'] as const).map((method) => vi.spyOn(console, method)),
      ];
      const result = { statusCode: 200, body: '' };
      const handler = withSession(world.sessions, () => result as never);

      expect(await handler(service.event({ cookies }) as never, contextOf())).toBe(result);
      expect(world.calls.length).toBeLessThanOrEqual(2);
      expect(world.calls.filter((call) => call !== 'loadSession')).toEqual([]);
      expect(JSON.stringify(world.events).length).toBeLessThan(500);
      for (const spy of output) {
        expect(spy).not.toHaveBeenCalled();
        spy.mockRestore();
      }
    });

    it('C10: the live one is found among 180 cookies of other names', async () => {
      const world = new LambdaWorld();
      const live = await world.token({ theme: 'dark' });
      const others = Array.from({ length: 180 }, (_, index) => `c${index}=${'v'.repeat(20)}`);
      expect(await themeOf(world, service, [...others.slice(90), cookie(live), ...others.slice(0, 90)])).toBe('dark');
      expect(world.calls).toEqual(['loadSession']);
    });
  });
});

describe('the tokens of a request, timed', () => {
  const fillers: readonly (readonly [name: string, filler: (size: number) => readonly string[]])[] = [
    ['separators', (size) => [';'.repeat(size)]],
    ['blanks', (size) => [`__Host-id=${' '.repeat(size)}x`]],
    ['equals signs', (size) => ['='.repeat(size)]],
    ['names', (size) => ['__Host-id'.repeat(size / 9)]],
    ['malformed tokens', (size) => Array.from({ length: size / 20 }, (_, index) => cookie(`x${index}`))],
    ['forged tokens', (size) => forgedTokens(size / 66).map(cookie)],
  ];

  /** The shortest of a few runs, in milliseconds. */
  async function timed(cookies: readonly string[]): Promise<number> {
    const requests = new LambdaSessions(new LambdaWorld().sessions);
    const event = serviceOf('ALB with single headers').event({ cookies });
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 7; run += 1) {
      const begun = performance.now();
      await requests.start(event);
      best = Math.min(best, performance.now() - begun);
    }
    return best;
  }

  // Linear is 100 times as long for 100 times as much; quadratic would be 10,000.
  it.each(fillers)('C10: 1 MB of %s takes 100 times as long as 10 KB, about', async (_name, filler) => {
    const [short, long] = [await timed(filler(10_000)), await timed(filler(1_000_000))];
    expect(long).toBeLessThan(Math.max(short, 0.2) * 1_500);
  });
});
