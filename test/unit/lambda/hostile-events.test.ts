import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Session, UnsupportedEventError } from '../../../src/index.js';
import { LambdaSessions, sessionAuthorizer, withSession } from '../../../src/lambda/index.js';
import { mintToken, formatToken } from '../../../src/core/token.js';
import type { App } from '../../world/world.js';
import { webSocketAuthorizerEvent } from './authorizer-events.js';
import { webSocketConnectEvent } from './events.js';
import { LambdaWorld } from './lambda-world.js';
import { services } from './services.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const copyOf = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** JSON that a careless reader stumbles over, and any other. */
const json: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(null, [], {}, '', 0, [null], [[]], [{}], { toString: 1 }, { length: 3 }, { toString: null }),
  fc.constant('{"__proto__":{"cookie":"__Host-id=x","toString":1}}').map((text) => JSON.parse(text) as Json),
);

/** Where something stands within a value: each list or object in it, with a name there. */
function placesIn(value: Json): [holder: { [name: string]: Json }, name: string][] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as { [name: string]: Json };
  return Object.keys(holder).flatMap((name) => [
    [holder, name] as [typeof holder, string],
    ...placesIn(holder[name] as Json),
  ]);
}

/** The value with some of its parts taken away, or replaced by anything. */
function damaged(value: Json): fc.Arbitrary<Json> {
  const damages = fc.array(fc.tuple(fc.nat(), fc.option(json, { nil: undefined })), { minLength: 1, maxLength: 4 });
  return damages.map((each) => {
    const copy = copyOf(value);
    for (const [index, replacement] of each) {
      const places = placesIn(copy);
      const place = places[index % places.length];
      if (place === undefined) continue;
      const [holder, name] = place;
      if (replacement === undefined) delete holder[name];
      else
        Object.defineProperty(holder, name, {
          value: copyOf(replacement),
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
    return copy;
  });
}

/** Answers a request with a session in which something is set, so that it has a cookie to send. */
async function answer(event: unknown): Promise<void> {
  const world = new LambdaWorld();
  const set = (_event: unknown, session: Session<App>): never => {
    session.set('theme', 'dark');
    return { statusCode: 200, headers: { 'x-own': '1' }, body: '' } as never;
  };
  const handler = withSession(world.sessions, set, { create: true });
  try {
    expect(JSON.stringify(await handler(event as never, {}))).toContain('__Host-id=');
  } catch (error) {
    expect(error).toBeInstanceOf(UnsupportedEventError);
    expect(world.calls).toEqual([]);
  }
}

describe('11. what a client sends never throws:', () => {
  it('any JSON is an event that carries cookies, or is refused as one that does not', { timeout: 60_000 }, async () => {
    const shape = fc.record(
      {
        version: fc.oneof(fc.constant('2.0'), json),
        httpMethod: fc.oneof(fc.constant('GET'), json),
        headers: json,
        multiValueHeaders: json,
        cookies: json,
        method: fc.oneof(fc.constant('GET'), json),
        requestContext: fc.oneof(
          json,
          fc.record(
            { http: json, identity: json, elb: json, serviceArn: json },
            { requiredKeys: [] },
          ) as fc.Arbitrary<Json>,
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(fc.asyncProperty(fc.oneof(json, shape), answer), { numRuns: 10_000 });
  });

  it.each(services)('an event of $name, whatever became of its parts (C8)', { timeout: 60_000 }, async (service) => {
    const whole = copyOf(
      service.event({ cookies: [`__Host-id=${formatToken(mintToken())}`, 'a=b'], query: { q: '1' }, body: 'text' }),
    );
    await fc.assert(fc.asyncProperty(damaged(whole), answer), { numRuns: 3_000 });
  });
});

describe('11. what a client sends never throws: $connect of a WebSocket API,', () => {
  /** Asks for the session; nothing but an event of another kind is refused, and that before the store is asked. */
  async function connect(event: unknown): Promise<void> {
    const world = new LambdaWorld();
    try {
      expect((await new LambdaSessions(world.sessions).startWithoutCookie(event as never)).id).toBeUndefined();
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedEventError);
      expect(world.calls).toEqual([]);
    }
  }

  it('whatever became of its parts (C8)', { timeout: 60_000 }, async () => {
    const whole = copyOf(webSocketConnectEvent({ cookies: [`__Host-id=${formatToken(mintToken())}`, 'a=b'] }));
    await fc.assert(fc.asyncProperty(damaged(whole), connect), { numRuns: 3_000 });
  });

  it('also for its authorizer', { timeout: 60_000 }, async () => {
    const whole = copyOf(webSocketAuthorizerEvent({ cookies: [`__Host-id=${formatToken(mintToken())}`] }));
    const authorizer = sessionAuthorizer(new LambdaWorld().sessions);
    const ask = async (event: Json): Promise<void> => {
      try {
        expect(await authorizer(event as never)).toMatchObject({ context: {} });
      } catch (error) {
        expect(error).toBeInstanceOf(UnsupportedEventError);
      }
    };
    await fc.assert(fc.asyncProperty(damaged(whole), ask), { numRuns: 3_000 });
  });
});

describe.each(services)('fuzzed cookies behind $name', (service) => {
  it('cost no call to the store, unless they hold a token (T4)', { timeout: 60_000 }, async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, () => ({ statusCode: 204, body: '' }) as never);
    const name = fc.constantFrom('__Host-id', '__host-id', ' __Host-id', '__Host-id ', '"__Host-id"', 'id', '');
    const token = fc.nat(54).map((at) => {
      const text = formatToken(mintToken());
      return text.slice(0, at) + text.slice(at + 1); // a character short
    });
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      token,
      token.map((text) => `${text}=`),
      token.map((text) => `"${text}A"`),
      token.map((text) => encodeURIComponent(`${text}.`)),
    );
    const cookies = fc.array(
      fc.tuple(name, fc.constantFrom('=', '', ' = ', '=='), value).map((parts) => parts.join('')),
      { maxLength: 3 },
    );
    let runs = 0;
    const property = fc.asyncProperty(cookies, async (each) => {
      await handler(service.event({ cookies: each }) as never, {});
      runs += 1;
      return world.calls.length === 0;
    });
    await fc.assert(property, { numRuns: 17_000 });
    expect(runs).toBe(17_000); // 119,000 behind the seven
  });
});
