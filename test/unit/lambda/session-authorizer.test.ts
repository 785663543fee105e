import { describe, expect, it, vi } from 'vitest';
import { StoreUnavailableError, UnsupportedEventError, type UserId } from '../../../src/index.js';
import { type AuthorizerContext, type AuthorizerEvent, sessionAuthorizer } from '../../../src/lambda/index.js';
import { httpApiAuthorizerEvent, restApiAuthorizerEvent, webSocketAuthorizerEvent } from './authorizer-events.js';
import { httpApiEvent, restApiEvent, unsupportedEvents, vpcLatticeEvent } from './events.js';
import { contextOf, FORGED, LambdaWorld, type Replaced } from './lambda-world.js';

const failing = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));

/** The token of a session in which somebody is logged in. */
async function loggedIn(world: LambdaWorld, userId: UserId = 'alice'): Promise<string> {
  const session = await world.sessions.start();
  session.set('theme', 'dark');
  await session.logIn(userId);
  const action = await session.commit();
  world.calls.length = 0;
  world.events.length = 0;
  return action.kind === 'set' ? action.token : '';
}

/** What a REST or WebSocket API makes of a policy, which covers its whole stage. */
function policyFor(
  api: string,
): (result: unknown) => { readonly passes: boolean; readonly context: AuthorizerContext } {
  return (result) => {
    const { policyDocument, context, principalId } = result as {
      principalId: string;
      policyDocument: { Version: string; Statement: { Effect: string; Action: string; Resource: string }[] };
      context: AuthorizerContext;
    };
    const [statement] = policyDocument.Statement;
    expect(policyDocument).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: statement?.Effect,
          Action: 'execute-api:Invoke',
          Resource: `arn:aws:execute-api:eu-central-1:123456789012:${api}/prod/*`,
        },
      ],
    });
    expect(principalId).toBe(statement?.Effect === 'Allow' ? context['user'] : 'anonymous');
    return { passes: statement?.Effect === 'Allow', context };
  };
}

/** Each kind of API: how it asks, and what it makes of the answer. */
const apis: readonly {
  readonly name: string;
  readonly event: (cookies?: readonly string[]) => AuthorizerEvent;
  readonly decision: (result: unknown) => { readonly passes: boolean; readonly context: AuthorizerContext };
}[] = [
  {
    name: 'an HTTP API',
    event: (cookies = []) => httpApiAuthorizerEvent({ cookies }),
    decision: (result) => {
      const { isAuthorized: passes, ...rest } = result as { isAuthorized: boolean; context: AuthorizerContext };
      expect(Object.keys(rest)).toEqual(['context']);
      return { passes, context: rest.context };
    },
  },
  {
    name: 'a REST API',
    event: (cookies = []) => restApiAuthorizerEvent({ cookies }),
    decision: policyFor('vwxyz67890'),
  },
  {
    name: 'a WebSocket API',
    event: (cookies = []) => webSocketAuthorizerEvent({ cookies }),
    decision: policyFor('ws12345678'),
  },
];

describe.each(apis)('an authorizer of $name', ({ event, decision }) => {
  const denied = { passes: false, context: {} };
  const withToken = (token: string): AuthorizerEvent => event(['theme=light', `__Host-id=${token}`]);

  it('lets pass who is logged in, and says who it is', async () => {
    const world = new LambdaWorld();
    const result = await sessionAuthorizer(world.sessions)(withToken(await loggedIn(world)), contextOf());
    expect(decision(result)).toEqual({
      passes: true,
      context: { userId: 'alice', user: 's:alice', session: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
    expect(world.calls).toEqual(['loadSession']);
  });

  it.each([
    ['s:42', () => '42'],
    ['n:42', () => 42],
    ['b:42', () => 42n],
  ])('names a user by the ID as text, and with its type: %s', async (user, idOf) => {
    const world = new LambdaWorld();
    const result = await sessionAuthorizer(world.sessions)(withToken(await loggedIn(world, idOf())));
    expect(decision(result).context).toMatchObject({ userId: '42', user });
  });

  it('T6: calls the session what the events call it, and shows neither its ID nor its secret', async () => {
    const world = new LambdaWorld({}, { touchInterval: 0 });
    const token = await loggedIn(world);
    const session = await world.sessions.start({ tokens: [token] });
    await session.regenerate();
    const action = await session.commit();
    const fresh = action.kind === 'set' ? action.token : '';
    const result = await sessionAuthorizer(world.sessions)(withToken(fresh));
    expect(decision(result).context['session']).toBe(world.events[0]?.session);
    for (const part of fresh.split('.')) expect(JSON.stringify(result)).not.toContain(part);
  });

  it('lets nobody pass without a cookie, with a forged one, or anonymously, and calls no store for the first', async () => {
    const world = new LambdaWorld();
    const authorizer = sessionAuthorizer(world.sessions);
    expect(decision(await authorizer(event()))).toEqual(denied);
    expect(decision(await authorizer(event(['__Host-id=nonsense'])))).toEqual(denied);
    expect(world.calls).toEqual([]);
    expect(decision(await authorizer(withToken(FORGED)))).toEqual(denied);
    expect(decision(await authorizer(withToken(await world.token())))).toEqual(denied);
  });

  it('L7: lets nobody pass after a logout', async () => {
    const world = new LambdaWorld();
    const token = await loggedIn(world);
    await world.sessions.logOutUser('alice');
    expect(decision(await sessionAuthorizer(world.sessions)(withToken(token)))).toEqual(denied);
  });

  it('L7: lets nobody pass who is logged out while it looks', async () => {
    const world = new LambdaWorld({}, { touchInterval: 0 });
    const token = await loggedIn(world);
    const authorizer = sessionAuthorizer(world.sessions, {
      authorize: async () => {
        await world.sessions.logOutUser('alice');
        return true;
      },
    });
    expect(decision(await authorizer(withToken(token)))).toEqual(denied);
  });

  it('asks the application, and hands on what else it wants to tell', async () => {
    const world = new LambdaWorld();
    const token = await loggedIn(world);
    const authorize = vi.fn<() => boolean>(() => true);
    const authorizer = sessionAuthorizer(world.sessions, {
      authorize,
      context: (session) => ({ theme: session.get('theme') ?? '', userId: 'mallory' }),
    });
    expect(decision(await authorizer(withToken(token)))).toMatchObject({
      passes: true,
      context: { theme: 'dark', userId: 'alice' },
    });
    authorize.mockReturnValue(false);
    expect(decision(await authorizer(withToken(token)))).toEqual(denied);
    await authorizer(event());
    expect(authorize).toHaveBeenCalledTimes(2);
  });

  it('touches the session, and does not replace its secret, for nobody would be told', async () => {
    const world = new LambdaWorld({}, { touchInterval: 0, rotationInterval: 0 });
    const token = await loggedIn(world);
    const authorizer = sessionAuthorizer(world.sessions);
    for (let visit = 0; visit < 3; visit += 1) expect(decision(await authorizer(withToken(token))).passes).toBe(true);
    expect(world.calls).toContain('saveSession');
    expect(world.events.map(({ type }) => type)).not.toContain('rotated');
    expect((await world.sessions.start({ tokens: [token] })).userId).toBe('alice');
  });

  it('lets pass when only the touch cannot be stored', async () => {
    const replaced: { -readonly [Name in keyof Replaced]: Replaced[Name] } = {};
    const world = new LambdaWorld(replaced, { touchInterval: 0 });
    const token = await loggedIn(world);
    replaced.saveSession = failing;
    expect(decision(await sessionAuthorizer(world.sessions)(withToken(token))).passes).toBe(true);
    expect(world.count('saveSession')).toBe(1);
  });

  it('L12: throws when the store does not answer: a denial would say that nobody is logged in, and be cached', async () => {
    const replaced: { -readonly [Name in keyof Replaced]: Replaced[Name] } = {};
    const world = new LambdaWorld(replaced);
    const token = await loggedIn(world);
    replaced.loadSession = failing;
    await expect(sessionAuthorizer(world.sessions)(withToken(token))).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('L12: throws what the application throws', async () => {
    const world = new LambdaWorld();
    const fault = new TypeError('no');
    const authorize = (): never => {
      throw fault;
    };
    const authorizer = sessionAuthorizer(world.sessions, { authorize });
    await expect(authorizer(withToken(await loggedIn(world)))).rejects.toBe(fault);
  });

  it("F10: throws before the Lambda's time is up, whatever the store does", async () => {
    const world = new LambdaWorld({ loadSession: () => new Promise(() => {}) });
    const asked = sessionAuthorizer(world.sessions)(withToken(FORGED), contextOf(300));
    await expect(asked).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('F11: lets nobody pass from elsewhere if the policy says so, and ends the session', async () => {
    const world = new LambdaWorld({}, { acceptRemoteIp: { otherwise: 'destroy' } });
    const session = await world.sessions.start({ address: '198.51.100.66' });
    await session.logIn('alice');
    const action = await session.commit();
    const token = action.kind === 'set' ? action.token : '';
    expect(decision(await sessionAuthorizer(world.sessions)(withToken(token)))).toEqual(denied);
    expect((await world.sessions.start({ tokens: [token], address: '198.51.100.66' })).userId).toBeUndefined();
  });
});

describe('sessionAuthorizer', () => {
  it.each<readonly [name: string, event: unknown]>([
    [
      'an authorizer of the type TOKEN',
      {
        type: 'TOKEN',
        methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:vwxyz67890/prod/GET/devices',
        authorizationToken: '__Host-id=x',
      },
    ],
    ['a request to an HTTP API', httpApiEvent()],
    ['a request to a REST API', restApiEvent()],
    ['a request from VPC Lattice', vpcLatticeEvent()],
    ...unsupportedEvents,
  ])('refuses the event of %s', async (_name, event) => {
    const world = new LambdaWorld();
    await expect(sessionAuthorizer(world.sessions)(event as never)).rejects.toBeInstanceOf(UnsupportedEventError);
    expect(world.calls).toEqual([]);
  });

  it('takes what an HTTP API asks in payload 1.0, where a policy is the answer', async () => {
    const world = new LambdaWorld();
    const event = {
      ...restApiAuthorizerEvent({ cookies: [`__Host-id=${await loggedIn(world)}`] }),
      version: '1.0',
      methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:abcde12345/$default/GET/devices/a/b',
    };
    expect((await sessionAuthorizer(world.sessions)(event)).policyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'execute-api:Invoke',
        Resource: 'arn:aws:execute-api:eu-central-1:123456789012:abcde12345/$default/*',
      },
    ]);
  });
});
