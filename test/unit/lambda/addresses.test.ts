import { describe, expect, it } from 'vitest';
import type { CookieAction, SessionUser } from '../../../src/index.js';
import { type LambdaEvent, LambdaSessions } from '../../../src/lambda/index.js';
import type { App } from '../../world/world.js';
import { ADDRESS, albMultiEvent, albSingleEvent, type RequestOptions, vpcLatticeEvent } from './events.js';
import { LambdaWorld } from './lambda-world.js';
import { services } from './services.js';

/** What is stored of the client when this request begins a session. */
async function clientOf(event: LambdaEvent): Promise<{ address: string | undefined; userAgent: string | undefined }> {
  const world = new LambdaWorld();
  const session = await new LambdaSessions(world.sessions).start(event, { create: true });
  await session.commit();
  const [record] = [...world.saved.values()];
  return { address: record?.address, userAgent: record?.userAgent };
}

/** Stores a session for this client. */
async function begin(requests: LambdaSessions<App, SessionUser>, event: LambdaEvent): Promise<CookieAction> {
  const session = await requests.start(event, { create: true });
  return session.commit();
}

function cookieOf(action: CookieAction): string {
  return action.kind === 'set' ? `__Host-id=${action.token}` : '';
}

describe.each(services)('the client of a request behind $name', (service) => {
  it('is the one that the service saw', async () => {
    expect(await clientOf(service.event())).toEqual({
      address: ADDRESS,
      userAgent: expect.stringContaining('Firefox/140.0'),
    });
  });

  it.each(['forwarded', 'x-real-ip', 'client-ip', 'true-client-ip', 'cf-connecting-ip', 'x-client-ip', 'via'])(
    'F11: is not what the client writes into %s',
    async (name) => {
      expect((await clientOf(service.event({ headers: { [name]: '198.51.100.66' } }))).address).toBe(ADDRESS);
    },
  );

  it('F11: is told from another one by policy, whatever it writes into headers', async () => {
    const world = new LambdaWorld({}, { acceptRemoteIp: { otherwise: 'destroy' } });
    const requests = new LambdaSessions(world.sessions);
    const cookies = [cookieOf(await begin(requests, service.event()))];
    const spoofed = service.event({ cookies, headers: { 'x-forwarded-for': `198.51.100.66, ${ADDRESS}` } });
    expect((await requests.start(spoofed)).id).toBeDefined();

    const elsewhere = JSON.parse(
      JSON.stringify(service.event({ cookies })).replaceAll(ADDRESS, '198.51.100.66'),
    ) as LambdaEvent;
    expect((await requests.start(elsewhere)).id).toBeUndefined();
    expect((await requests.start(service.event({ cookies }))).id).toBeUndefined();
    expect(world.events.map(({ type }) => type)).toEqual(['created', 'anomaly']);
  });
});

describe.each(services.filter(({ name }) => !/^ALB|^VPC/.test(name)))(
  'the address of a client behind $name',
  (service) => {
    it.each(['198.51.100.66', `198.51.100.66, ${ADDRESS}`, `${ADDRESS}, 198.51.100.66`, 'unknown', ''])(
      'F11: comes from the request context, not from an X-Forwarded-For of %j',
      async (forwarded) => {
        const headers = { 'x-forwarded-for': forwarded, 'X-Forwarded-For': forwarded };
        expect((await clientOf(service.event({ headers }))).address).toBe(ADDRESS);
      },
    );
  },
);

describe.each([
  ['single headers', (options: RequestOptions): LambdaEvent => albSingleEvent(options)],
  ['multi-value headers', (options: RequestOptions): LambdaEvent => albMultiEvent(options)],
])('the address of a client behind an ALB with %s', (_name, eventOf) => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['198.51.100.66, 203.0.113.7', '203.0.113.7'],
    ['198.51.100.66,203.0.113.7', '203.0.113.7'],
    ['10.0.0.1, 198.51.100.66,  203.0.113.7 ', '203.0.113.7'],
    ['198.51.100.66:1, 203.0.113.7:4711', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['198.51.100.66, 2001:db8::7', '2001:db8::7'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0007', '2001:db8::7'],
    ['198.51.100.66, [2001:db8::7]:4711', '2001:db8::7'],
    ['[2001:db8::66]:4711, 203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:4711', '203.0.113.7'],
    ['203.0.113.7, unknown', undefined],
    ['203.0.113.7,', undefined],
    ['unknown', undefined],
    ['999.999.999.999', undefined],
    ['203.0.113.7<script>', undefined],
    ['', undefined],
  ])('F11: of X-Forwarded-For %j is %j: what the load balancer appended', async (forwarded, address) => {
    expect((await clientOf(eventOf({ headers: { 'x-forwarded-for': forwarded } }))).address).toBe(address);
  });

  it('F11: of a header of 1 MB is still its last', async () => {
    const forwarded = `${'198.51.100.66, '.repeat(70_000)}203.0.113.7`;
    expect((await clientOf(eventOf({ headers: { 'x-forwarded-for': forwarded } }))).address).toBe('203.0.113.7');
  });
});

describe('the address of a client behind an ALB', () => {
  it('F11: is the last of several headers', async () => {
    const event = albMultiEvent();
    const multiValueHeaders = {
      ...event.multiValueHeaders,
      'x-forwarded-for': ['198.51.100.66', `198.51.100.67, ${ADDRESS}`],
    };
    expect((await clientOf({ ...event, multiValueHeaders })).address).toBe(ADDRESS);
  });

  it('is unknown without the header', async () => {
    const event = albSingleEvent();
    const { 'x-forwarded-for': _, ...headers } = event.headers ?? {};
    expect((await clientOf({ ...event, headers })).address).toBeUndefined();
  });
});

describe('the address of a client behind VPC Lattice', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['198.51.100.66, 203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['198.51.100.66,', undefined],
    ['unknown', undefined],
    ['', undefined],
  ])('F11: of X-Forwarded-For %j is %j: what VPC Lattice added', async (forwarded, address) => {
    expect((await clientOf(vpcLatticeEvent({ headers: { 'x-forwarded-for': forwarded } }))).address).toBe(address);
  });

  it('F11: is the last of several headers', async () => {
    const { headers, ...event } = vpcLatticeEvent();
    const forged = { ...headers, 'x-forwarded-for': ['198.51.100.66', ADDRESS] };
    expect((await clientOf({ ...event, headers: forged })).address).toBe(ADDRESS);
  });
});

describe('a client without a user agent', () => {
  it.each(services)('F11: behind $name has none', async (service) => {
    const bare = JSON.parse(
      JSON.stringify(service.event(), (key, value: unknown) => (/^user-?agent$/i.test(key) ? undefined : value)),
    ) as LambdaEvent;
    expect(await clientOf(bare)).toEqual({ address: ADDRESS, userAgent: undefined });
  });

  it.each(services)('F11: behind $name with one of 8 KB has its first 256 characters', async (service) => {
    const text = 'x'.repeat(8_192);
    const long = JSON.parse(
      JSON.stringify(service.event(), (key, value: unknown) =>
        /^user-?agent$/i.test(key) ? (Array.isArray(value) ? [text] : text) : value,
      ),
    ) as LambdaEvent;
    expect((await clientOf(long)).userAgent).toBe('x'.repeat(256));
  });
});
