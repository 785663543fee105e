import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { LambdaSessions, withSession } from '../../../src/lambda/index.js';
import { ADDRESS, unsupportedEvents, webSocketConnectEvent } from './events.js';
import { contextOf, LambdaWorld } from './lambda-world.js';

/** A world with a session in which somebody is logged in, and the event with its cookie. */
async function connecting(world: LambdaWorld): Promise<ReturnType<typeof webSocketConnectEvent>> {
  const session = await world.sessions.start({ address: ADDRESS });
  await session.logIn('alice');
  const action = await session.commit();
  world.calls.length = 0;
  world.events.length = 0;
  return webSocketConnectEvent({ cookies: ['theme=light', `__Host-id=${action.kind === 'set' ? action.token : ''}`] });
}

describe('$connect of a WebSocket API', () => {
  it('finds the session by its cookie, with one read', async () => {
    const world = new LambdaWorld();
    const event = await connecting(world);
    const session = await new LambdaSessions(world.sessions).startWithoutCookie(event, { context: contextOf() });
    expect(session.userId).toBe('alice');
    expect(world.calls).toEqual(['loadSession']);
  });

  it('finds it in headers of either kind, whatever their case', async () => {
    const world = new LambdaWorld();
    const { headers, multiValueHeaders, ...event } = await connecting(world);
    const requests = new LambdaSessions(world.sessions);
    const lower = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    for (const kind of [{ headers }, { headers: lower }, { multiValueHeaders }]) {
      expect((await requests.startWithoutCookie({ ...event, ...kind })).userId).toBe('alice');
    }
  });

  it('is a visit, and replaces no secret: the browser would not be told', async () => {
    const world = new LambdaWorld({}, { touchInterval: 0, rotationInterval: 0 });
    const event = await connecting(world);
    const requests = new LambdaSessions(world.sessions);
    for (let visit = 0; visit < 3; visit += 1) await (await requests.startWithoutCookie(event)).touch();
    expect(world.calls).toContain('saveSession');
    expect(world.events).toEqual([]);
    expect((await requests.startWithoutCookie(event)).userId).toBe('alice');
  });

  it('F11: tells the client by the address that API Gateway saw', async () => {
    const world = new LambdaWorld({}, { acceptRemoteIp: { otherwise: 'destroy' } });
    const { requestContext, ...event } = await connecting(world);
    const requests = new LambdaSessions(world.sessions);
    expect((await requests.startWithoutCookie({ ...event, requestContext })).userId).toBe('alice');
    const elsewhere = { ...requestContext, identity: { sourceIp: '198.51.100.66' } };
    expect((await requests.startWithoutCookie({ ...event, requestContext: elsewhere })).userId).toBeUndefined();
  });

  it('is no "nobody" when the store does not answer', async () => {
    const world = new LambdaWorld({ loadSession: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    const requests = new LambdaSessions(world.sessions);
    const asked = requests.startWithoutCookie(await connecting(world));
    await expect(asked).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('is refused where a cookie would have to be set, and the error says what to use', async () => {
    const world = new LambdaWorld();
    const event = (await connecting(world)) as never;
    const refused = withSession(world.sessions, () => ({ statusCode: 200 }))(event, {});
    await expect(refused).rejects.toThrow(/\$connect .* can set no cookie: use sessionAuthorizer/);
    expect(world.calls).toEqual([]);
  });
});

describe('an event that has no cookies', () => {
  const messageOf = async (part: string): Promise<string> => {
    const [, event] = unsupportedEvents.find(([name]) => name.includes(part)) ?? [];
    const refused = new LambdaSessions(new LambdaWorld().sessions).start(event as never);
    return refused.then(String, (error: Error) => error.message);
  };

  it.each(['a message of a WebSocket API', 'the end of a connection'])('is refused as what it is: %s', async (name) => {
    expect(await messageOf(name)).toMatch(/WebSocket API has no headers, so no cookie: .*\$connect.*connectionId/);
  });

  it.each(['AppSync', 'Lambda@Edge', 'SQS'])('is refused with all that is expected: %s', async (name) => {
    expect(await messageOf(name)).toMatch(/VPC Lattice.*AppSync and Lambda@Edge are not supported/);
  });
});
