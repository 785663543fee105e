import { describe, expect, it } from 'vitest';
import { LambdaSessions, type VpcLatticeEvent, withSession } from '../../../src/lambda/index.js';
import { vpcLatticeEvent } from './events.js';
import { contextOf, frozen, LambdaWorld, tokenOf } from './lambda-world.js';
import { type Place, type Response, type Service, serviceOf, services } from './services.js';

const SESSION_COOKIE = /^__Host-id=[\w-]{22}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000$/;
const CLEARED = '__Host-id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT';

/** What the client gets of a handler's result when the session has a cookie to send. */
async function respondWithCookie(service: Service, result: unknown): Promise<Response> {
  const handler = withSession(new LambdaWorld().sessions, (_event, session) => {
    session.set('theme', 'dark');
    return result as never;
  });
  return service.receive(await handler(service.event() as never, contextOf()));
}

/** Header names in the cases that handlers write them in. */
const cases = (name: string): string[] => [
  name,
  name.toUpperCase(),
  name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  name.replaceAll(/[aeiou]/g, (letter) => letter.toUpperCase()),
];

const OWN = ['seen=1; Path=/; Max-Age=60', 'lang=de; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT'];

/** A handler's own headers and cookies, in every shape that its service sends them from. */
function ownCookies(
  service: Service,
): { readonly shape: string; readonly result: object; readonly own: readonly string[] }[] {
  const [first, second] = OWN as [string, string];
  const shapes: { shape: string; result: object; own: readonly string[] }[] = [
    { shape: 'no cookie of its own', result: {}, own: [] },
  ];
  for (const name of cases('set-cookie')) {
    if (service.places.includes('headers')) {
      shapes.push({ shape: `one cookie in headers as ${name}`, result: { headers: { [name]: first } }, own: [first] });
    }
    if (service.places.includes('multiValueHeaders')) {
      shapes.push({
        shape: `two cookies in multiValueHeaders as ${name}`,
        result: { multiValueHeaders: { [name]: [first, second] } },
        own: [first, second],
      });
    }
  }
  if (service.places.includes('cookies')) {
    shapes.push({ shape: 'two cookies in cookies', result: { cookies: [first, second] }, own: [first, second] });
    shapes.push({
      shape: 'one cookie in headers and one in cookies',
      result: { headers: { 'Set-Cookie': first }, cookies: [second] },
      own: [first, second],
    });
  }
  if (service.places.includes('headers') && service.places.includes('multiValueHeaders')) {
    shapes.push({
      shape: 'one cookie in headers and one in multiValueHeaders',
      result: { headers: { 'Set-Cookie': first }, multiValueHeaders: { 'set-cookie': [second] } },
      own: [first, second],
    });
  }
  return shapes;
}

describe.each(services)('the result for $name', (service) => {
  const plain = { statusCode: 201, body: 'made' };

  it.each(ownCookies(service))("C8: with $shape: it and the session's are sent", async ({ result, own }) => {
    const response = await respondWithCookie(service, frozen({ ...plain, ...result }));

    expect(response).toMatchObject({ statusCode: 201, body: 'made' });
    expect(response.setCookies).toHaveLength(own.length + 1);
    expect(response.setCookies).toEqual(expect.arrayContaining([...own, expect.stringMatching(SESSION_COOKIE)]));
  });

  it.each(service.places.filter((place) => place !== 'cookies'))(
    "C8: the handler's own headers stay when they are in %s",
    async (place) => {
      const headers = { 'Content-Type': 'text/html', 'x-count': 3, 'X-Flag': true, Vary: 'Accept' };
      const several = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
      const own = place === 'headers' ? { headers } : { multiValueHeaders: { ...several, Vary: ['Accept', 'Origin'] } };
      const response = await respondWithCookie(service, frozen({ ...plain, ...own, isBase64Encoded: false }));

      expect(response.headers).toEqual({
        'cache-control': ['no-store'],
        'content-type': ['text/html'],
        'x-count': ['3'],
        'x-flag': ['true'],
        vary: place === 'headers' ? ['Accept'] : ['Accept', 'Origin'],
      });
    },
  );

  it('C8: base64 stays base64', async () => {
    const handler = withSession(new LambdaWorld().sessions, (_event, session) => {
      session.set('theme', 'dark');
      return { statusCode: 200, body: 'AAECAw==', isBase64Encoded: true } as never;
    });
    expect(await handler(service.event() as never, contextOf())).toMatchObject({
      body: 'AAECAw==',
      isBase64Encoded: true,
    });
  });

  it('C8: a status code may be text', async () => {
    const response = await respondWithCookie(service, { statusCode: '303', headers: { location: '/' }, body: '' });
    expect(response).toMatchObject({ statusCode: 303, headers: { location: ['/'] }, body: '' });
  });

  it('C7: no cache may keep a response that sets a cookie', async () => {
    expect((await respondWithCookie(service, plain)).headers['cache-control']).toEqual(['no-store']);
  });

  const places = service.places.filter((place): place is Exclude<Place, 'cookies'> => place !== 'cookies');
  const put = (place: Place, headers: Readonly<Record<string, string>>): object =>
    place === 'headers'
      ? { headers }
      : { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) };

  const kept = ['private', 'private, max-age=60', 'No-Store, Max-Age=0'];
  const weaker = [
    'public, max-age=300',
    'max-age=300',
    's-maxage=300',
    'private, s-maxage=300',
    'private="x"',
    'no-cache',
  ];

  it.each(
    places.flatMap((place) => [
      ...kept.map((value) => [value, value, 'Cache-Control', place] as const),
      ...weaker.map((value) => ['private, no-store', value, 'Cache-Control', place] as const),
      ...cases('cache-control').map((name) => ['private, no-store', 'public', name, place] as const),
      ...cases('cache-control').map((name) => ['private', 'private', name, place] as const),
    ]),
  )('C7: says %s to caches if the handler says %s with %s in %s', async (expected, value, name, place) => {
    const response = await respondWithCookie(service, frozen({ ...plain, ...put(place, { [name]: value }) }));
    expect(response.headers).toEqual({ 'cache-control': [expected] });
  });

  it.each(places)('C7: is private even if %s say it in one spelling and the contrary in another', async (place) => {
    const answers = [
      { 'cache-control': 'private', 'Cache-Control': 'max-age=300' },
      { 'Cache-Control': 'max-age=300', 'cache-control': 'private' },
      { 'cache-control': 'private', 'Cache-Control': 'public' },
    ].map((headers) => respondWithCookie(service, frozen({ ...plain, ...put(place, headers) })));
    expect((await Promise.all(answers)).map(({ headers }) => headers['cache-control'])).toEqual([
      ['private, max-age=300'],
      ['max-age=300, private'],
      ['private, no-store'],
    ]);
  });

  it.each(
    places.flatMap((place) =>
      ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'vercel-cdn-cache-control', 'Surrogate-Control'].map(
        (name) => [name, place] as const,
      ),
    ),
  )('C7: has no %s from %s, which caches would obey instead', async (name, place) => {
    const own = put(place, { [name]: 'max-age=300', 'Cache-Control': 'private', 'X-Own': '1' });
    const response = await respondWithCookie(service, frozen({ ...plain, ...own }));
    expect(response.headers).toEqual({ 'cache-control': ['private'], 'x-own': ['1'] });
  });

  it('C7: is not left to shared caches when a public page rotates the secret', async () => {
    let now = 1_800_000_000_000;
    const world = new LambdaWorld({}, { clock: { now: () => now } });
    const cookies = [`__Host-id=${await world.token()}`];
    const result = frozen({ ...plain, ...put(places[0] as Place, { 'cache-control': 'public, max-age=300' }) });
    const handler = withSession(world.sessions, () => result as never);
    expect(await handler(service.event({ cookies }) as never, contextOf())).toBe(result);
    now += 3_700_000;
    const response = service.receive(await handler(service.event({ cookies }) as never, contextOf()));
    expect(tokenOf(response)).not.toBe(cookies[0]?.slice('__Host-id='.length));
    expect(response.headers['cache-control']).toEqual(['private, no-store']);
  });

  it.each([
    ['undefined', { headers: { 'cache-control': undefined, 'x-none': undefined } }],
    ['null', { headers: { 'cache-control': null, 'x-none': null } }],
    ['an empty list', { multiValueHeaders: { 'cache-control': [], 'x-none': [] } }],
  ])('C7: a header whose value is %s says nothing', async (_name, own) => {
    const response = await respondWithCookie(service, frozen({ ...plain, ...own }));
    expect(response.headers).toEqual({ 'cache-control': ['no-store'] });
  });

  it('C8: is the very same object when the session has nothing to say', async () => {
    const world = new LambdaWorld();
    const cookies = [`__Host-id=${await world.token()}`];
    const headers = { 'Set-Cookie': OWN[0], 'Cache-Control': 'public', 'CDN-Cache-Control': 'max-age=300' };
    const result = frozen({ ...plain, headers });
    const handler = withSession(world.sessions, (_event, session) => {
      expect(session.get('theme')).toBe('dark');
      return result as never;
    });
    expect(await handler(service.event({ cookies }) as never, contextOf())).toBe(result);
    expect(world.calls).toEqual(['loadSession']);
  });

  it('C8: clears the cookie of a session that was destroyed, beside the handler’s own', async () => {
    const world = new LambdaWorld();
    const cookies = [`__Host-id=${await world.token()}`];
    const place = service.places.includes('multiValueHeaders')
      ? { multiValueHeaders: { 'set-cookie': OWN } }
      : { headers: { 'set-cookie': OWN[0] } };
    const handler = withSession(world.sessions, async (_event, session) => {
      await session.destroy();
      return frozen({ ...plain, ...place }) as never;
    });
    const response = service.receive(await handler(service.event({ cookies }) as never, contextOf()));
    expect(response.setCookies).toContain(CLEARED);
    expect(response.setCookies).toContain(OWN[0]);
    expect(response.headers['cache-control']).toEqual(['no-store']);
  });

  it('makes a cookie that the next request is recognised by', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, (_event, session) => {
      const visits = (session.get('visits') ?? 0) + 1;
      session.set('visits', visits);
      return { statusCode: 200, body: String(visits) } as never;
    });
    const first = service.receive(await handler(service.event() as never, contextOf()));
    const cookies = ['theme=light', `__Host-id=${tokenOf(first)}`, 'lang=de'];
    const second = service.receive(await handler(service.event({ cookies }) as never, contextOf()));
    expect([first.body, second.body]).toEqual(['1', '2']);
    expect(second.setCookies).toEqual([]);
  });
});

describe('the result for ALB with single headers', () => {
  const service = serviceOf('ALB with single headers');

  it('C7: does not go by what is said where only multi-value headers are read', async () => {
    const multiValueHeaders = { 'Cache-Control': ['private, max-age=60'] };
    const response = await respondWithCookie(service, frozen({ statusCode: 200, multiValueHeaders }));
    expect(response.headers['cache-control']).toEqual(['no-store']);
  });

  it('C8: keeps two cookies that the handler spelled differently to send them both', async () => {
    const headers = { 'set-cookie': OWN[0], 'Set-Cookie': OWN[1] };
    const response = await respondWithCookie(service, frozen({ statusCode: 200, headers }));
    expect(response.setCookies).toEqual([...OWN, expect.stringMatching(SESSION_COOKIE)]);
  });

  it('C8: sends even those cookies that the handler put where only multi-value headers are read', async () => {
    const response = await respondWithCookie(
      service,
      frozen({ statusCode: 200, multiValueHeaders: { 'Set-Cookie': OWN } }),
    );
    expect(response.setCookies).toEqual([...OWN, expect.stringMatching(SESSION_COOKIE)]);
  });

  it('C8: keeps 20 cookies of the handler apart', async () => {
    const own = Array.from({ length: 20 }, (_, index) => `c${index}=${index}`);
    const response = await respondWithCookie(
      service,
      frozen({ statusCode: 200, multiValueHeaders: { 'Set-Cookie': own } }),
    );
    expect(response.setCookies).toEqual([...own, expect.stringMatching(SESSION_COOKIE)]);
  });
});

describe.each(['REST API', 'ALB with multi-value headers'])('the Cache-Control of a result for %s', (name) => {
  it.each([
    [['private', 'max-age=60'], 'private, max-age=60'],
    [['no-store'], 'no-store'],
    [['private', 'private'], 'private'],
    [['private', 'public'], 'private, no-store'],
    [['max-age=60', 's-maxage=60'], 'private, no-store'],
    [['private="a', 'b", max-age=60'], 'private, no-store'],
  ])('C7: %j is one header', async (lines, expected) => {
    const result = frozen({ statusCode: 200, body: '', multiValueHeaders: { 'Cache-Control': lines } });
    expect((await respondWithCookie(serviceOf(name), result)).headers['cache-control']).toEqual([expected]);
  });

  it.each([
    ['private', 'max-age=60', 'private, max-age=60'],
    ['max-age=60', 'private', 'max-age=60, private'],
    ['private', 'public', 'private, no-store'],
    ['public', 'private', 'private, no-store'],
  ])('C7: %s as a single header and %s as a multi-value one are one header', async (single, multi, expected) => {
    const result = frozen({
      statusCode: 200,
      body: '',
      headers: { 'cache-control': single },
      multiValueHeaders: { 'cache-control': [multi] },
    });
    expect((await respondWithCookie(serviceOf(name), result)).headers['cache-control']).toEqual([expected]);
  });
});

describe('the result for VPC Lattice', () => {
  it('C8: has one cookie as its documentation shows it, and several as a list', async () => {
    const handler = withSession(new LambdaWorld().sessions, (event: VpcLatticeEvent, session) => {
      session.set('theme', 'dark');
      return { statusCode: 200, ...(event.path === '/own' && { headers: { 'Set-Cookie': OWN } }) };
    });
    const one = await handler(vpcLatticeEvent(), contextOf());
    expect(one.headers?.['set-cookie']).toMatch(SESSION_COOKIE);
    const several = await handler(vpcLatticeEvent({ path: '/own' }), contextOf());
    expect(several.headers?.['set-cookie']).toEqual([...OWN, expect.stringMatching(SESSION_COOKIE)]);
  });
});

describe('the result for ALB with multi-value headers', () => {
  it('C8: carries what the handler set singly, too', async () => {
    const headers = { 'Content-Type': 'text/html', 'set-cookie': OWN[0] };
    const response = await respondWithCookie(
      serviceOf('ALB with multi-value headers'),
      frozen({ statusCode: 200, headers }),
    );
    expect(response.headers['content-type']).toEqual(['text/html']);
    expect(response.setCookies).toEqual([OWN[0], expect.stringMatching(SESSION_COOKIE)]);
  });
});

describe.each(services.filter(({ places }) => places.includes('cookies')))(
  'a result without a status code, for $name',
  (service) => {
    it.each<[string, unknown]>([
      ['a string', 'hello'],
      ['an empty string', ''],
      ['text that is JSON', '{"statusCode":500}'],
      ['an object', { message: 'hello', headers: { a: 1 } }],
      ['an object with a body', { body: 'hello', isBase64Encoded: false }],
      ['an object whose status code is undefined', { statusCode: undefined, body: 'hello' }],
      ['an empty object', {}],
      ['an array', [1, { two: 2 }]],
      ['a number', 42],
      ['zero', 0],
      ['a boolean', false],
      ['null', null],
      ['nothing', undefined],
    ])('C8: means the same with a cookie: %s', async (_name, result) => {
      const withoutCookie = service.receive(result);
      const response = await respondWithCookie(service, result);

      expect(response.body).not.toContain('__Host-id');
      expect(response.setCookies).toEqual([expect.stringMatching(SESSION_COOKIE)]);
      expect(response).toEqual({
        ...withoutCookie,
        headers: { ...withoutCookie.headers, 'cache-control': ['no-store'] },
        setCookies: response.setCookies,
      });
    });
  },
);

it.each(services)('a 503 for $name is its own: what one adds to its headers is in no other', (service) => {
  const requests = new LambdaSessions(new LambdaWorld().sessions);
  const answer = (): object => requests.unavailable(service.event()) as object;
  const [first, before] = [answer(), structuredClone(answer())];
  for (const headers of Object.values(first)) if (typeof headers === 'object') headers['x-own'] = '1';
  expect(JSON.stringify(first)).toContain('x-own');
  expect(answer()).toEqual(before);
});
