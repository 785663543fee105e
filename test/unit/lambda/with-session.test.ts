import { describe, expect, it, vi } from 'vitest';
import { ConfigurationError, StoreUnavailableError, UnsupportedEventError } from '../../../src/index.js';
import { type LambdaContext, LambdaSessions, withSession } from '../../../src/lambda/index.js';
import { unsupportedEvents } from './events.js';
import { contextOf, LambdaWorld, tokenOf } from './lambda-world.js';
import { serviceOf, services } from './services.js';

const CAUSE = 'connect ECONNREFUSED 10.0.3.17:8000, table prod-sessions, key hunter2';
const failing = (): Promise<never> => Promise.reject(new Error(CAUSE));
const never = (): never => {
  throw new Error('the handler was called');
};

/** Something to wait for. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe.each(services)('withSession behind $name', (service) => {
  const unavailable = {
    statusCode: 503,
    headers: { 'cache-control': ['no-store'], 'content-type': ['text/plain; charset=utf-8'], 'retry-after': ['1'] },
    setCookies: [],
    body: 'Service Unavailable',
  };

  it('L12: answers 503 and leaves the cookie alone when the session cannot be loaded', async () => {
    const world = new LambdaWorld({ loadSession: failing });
    const cookies = [`__Host-id=${await world.token()}`];
    const result = await withSession(world.sessions, never)(service.event({ cookies }) as never, contextOf());

    expect(service.receive(result)).toEqual(unavailable);
    expect(world.events).toContainEqual(
      expect.objectContaining({
        type: 'store-failure',
        operation: 'loadSession',
        error: expect.any(StoreUnavailableError),
      }),
    );
  });

  it('L12: answers 503 and sends no cookie when what was set cannot be stored', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const handler = withSession(world.sessions, (_event, session) => {
      session.set('theme', 'dark');
      return { statusCode: 200, body: 'saved!' } as never;
    });
    expect(service.receive(await handler(service.event() as never, contextOf()))).toEqual(unavailable);
  });

  it('L12: answers 503 when a login cannot be stored', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const handler = withSession(world.sessions, async (_event, session) => {
      await session.logIn('alice');
      return { statusCode: 200, body: 'welcome' } as never;
    });
    expect(service.receive(await handler(service.event() as never, contextOf()))).toEqual(unavailable);
  });

  it('L12: tells the client nothing of the cause', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const handler = withSession(world.sessions, (_event, session) => {
      session.set('theme', 'dark');
      return '' as never;
    });
    const text = JSON.stringify(await handler(service.event() as never, contextOf()));
    for (const secret of ['ECONNREFUSED', 'prod-sessions', 'hunter2', 'saveSession', 'persistence'])
      expect(text).not.toContain(secret);
  });

  it('L12: lets the application answer instead, with the error to look at', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const event = service.event();
    const result = { statusCode: 302, headers: { location: '/sorry' }, body: '' };
    const onStoreError = vi.fn<(error: StoreUnavailableError, failed: unknown) => Promise<never>>(() =>
      Promise.resolve(result as never),
    );
    const handler = withSession(
      world.sessions,
      (_event, session) => {
        session.set('theme', 'dark');
        return '' as never;
      },
      { onStoreError },
    );
    expect(await handler(event as never, contextOf())).toBe(result);
    expect(onStoreError).toHaveBeenCalledTimes(1);
    expect(onStoreError.mock.calls[0]?.[0]).toBeInstanceOf(StoreUnavailableError);
    expect(onStoreError.mock.calls[0]?.[0].cause).toMatchObject({ message: CAUSE });
    expect(onStoreError.mock.calls[0]?.[1]).toBe(event);
  });

  it('answers as usual when only the note that the session was seen cannot be stored', async () => {
    const broken = { value: false };
    const memory = new LambdaWorld();
    const save = memory.persistence.saveSession.bind(memory.persistence);
    const world = new LambdaWorld(
      {
        loadSession: memory.persistence.loadSession.bind(memory.persistence),
        saveSession: (...parameters) => (broken.value ? failing() : save(...parameters)),
      },
      { touchInterval: 0 },
    );
    const cookies = [`__Host-id=${await world.token()}`];
    broken.value = true;
    const result = { statusCode: 200, body: 'ok' };
    const handler = withSession(world.sessions, () => result as never);
    expect(await handler(service.event({ cookies }) as never, contextOf())).toBe(result);
    expect(world.count('saveSession')).toBe(1);
  });

  it('D5: saves nothing and sends nothing when the handler throws, and lets the error pass', async () => {
    const world = new LambdaWorld();
    const token = await world.token({ theme: 'dark' });
    const fault = new TypeError('cannot read properties of undefined');
    const handler = withSession(world.sessions, (_event, session) => {
      session.set('theme', 'light');
      session.delete('cart');
      throw fault;
    });
    const event = service.event({ cookies: [`__Host-id=${token}`] });
    await expect(handler(event as never, contextOf())).rejects.toBe(fault);
    await expect(handler(service.event() as never, contextOf())).rejects.toBe(fault);

    expect(world.count('saveSession')).toBe(0);
    expect((await world.sessions.start({ tokens: [token] })).get('theme')).toBe('dark');
  });

  it('D5: keeps two users of one warm Lambda apart, whoever fails', async () => {
    const world = new LambdaWorld();
    const tokens = { alice: await world.token({ cart: ['a'] }), bob: await world.token({ cart: ['b'] }) };
    const gates = { alice: gate(), bob: gate() };
    const handler = withSession(
      world.sessions,
      async (_event, session, context: LambdaContext & { readonly name: 'alice' | 'bob' }) => {
        const { name } = context;
        session.set('cart', [...(session.get('cart') ?? []), `${name}'s`]);
        await gates[name].opened;
        if (name === 'alice') throw new Error('alice fails');
        return { statusCode: 200, body: JSON.stringify(session.get('cart')) } as never;
      },
    );
    const call = (name: 'alice' | 'bob'): Promise<unknown> =>
      handler(service.event({ cookies: [`__Host-id=${tokens[name]}`] }) as never, { ...contextOf(), name });

    const [alice, bob] = [call('alice'), call('bob')];
    gates.bob.open();
    expect(service.receive(await bob)).toMatchObject({ body: `["b","bob's"]`, setCookies: [] });
    gates.alice.open();
    await expect(alice).rejects.toThrow('alice fails');

    expect((await world.sessions.start({ tokens: [tokens.alice] })).get('cart')).toEqual(['a']);
    expect((await world.sessions.start({ tokens: [tokens.bob] })).get('cart')).toEqual(['b', "bob's"]);
  });

  it('D5: gives a request without a cookie nothing of the request before', async () => {
    const world = new LambdaWorld();
    const seen: unknown[] = [];
    const handler = withSession(world.sessions, async (_event, session) => {
      seen.push([session.id, session.userId, session.keys()]);
      await session.logIn('alice');
      session.set('theme', 'dark');
      return { statusCode: 200, body: '' } as never;
    });
    const tokens: string[] = [];
    for (let call = 0; call < 2; call += 1) {
      tokens.push(tokenOf(service.receive(await handler(service.event() as never, contextOf()))));
    }
    expect(seen).toEqual([
      [undefined, undefined, []],
      [undefined, undefined, []],
    ]);
    expect(new Set(tokens).size).toBe(2);
  });

  it('hands the handler the event and the context as they came', async () => {
    const world = new LambdaWorld();
    const [event, context] = [service.event(), contextOf()];
    const seen: unknown[] = [];
    const handler = withSession(world.sessions, (...parameters) => {
      seen.push(parameters[0], parameters[2]);
      return {} as never;
    });
    await handler(event as never, context);
    expect(seen[0]).toBe(event);
    expect(seen[1]).toBe(context);
  });

  it('works without a context, as tests call handlers', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, (_event, session) => {
      session.set('theme', 'dark');
      return { statusCode: 200, body: '' } as never;
    });
    const response = service.receive(await handler(service.event() as never, undefined as never));
    expect(tokenOf(response)).toMatch(/^[\w-]{22}\.[\w-]{32}$/);
  });
});

describe('withSession', () => {
  it.each(unsupportedEvents)('refuses %s before the store is asked', async (_name, event) => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, never, { create: true, onStoreError: never });
    await expect(handler(event as never, contextOf())).rejects.toBeInstanceOf(UnsupportedEventError);
    expect(world.calls).toEqual([]);
  });

  it('passes on what onStoreError throws', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const handler = withSession(world.sessions, () => '', {
      create: true,
      onStoreError: (error) => {
        throw error;
      },
    });
    await expect(handler(serviceOf('HTTP API').event() as never, contextOf())).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
  });

  it('does not take a fault of the application for one of the store', async () => {
    const world = new LambdaWorld();
    const handler = withSession(
      world.sessions,
      (_event, session) => {
        session.set('theme', (() => 'dark') as never);
        return '';
      },
      { onStoreError: never },
    );
    await expect(handler(serviceOf('HTTP API').event() as never, contextOf())).rejects.toMatchObject({
      code: 'ERR_SESSION_NOT_STORABLE',
    });
  });

  it('refuses cookie options that cannot work, when it is called', () => {
    const { sessions } = new LambdaWorld();
    expect(() => withSession(sessions, () => '', { cookie: { domain: 'example.com' } } as never)).toThrow(
      ConfigurationError,
    );
  });

  it('uses the cookie that it is told to use', async () => {
    const world = new LambdaWorld();
    const service = serviceOf('HTTP API');
    const handler = withSession(
      world.sessions,
      (_event, session) => {
        session.set('visits', (session.get('visits') ?? 0) + 1);
        return String(session.get('visits'));
      },
      { cookie: { name: '__Secure-app', domain: 'example.com', sameSite: 'Strict' } },
    );
    const first = service.receive(await handler(service.event() as never, contextOf()));
    expect(first.setCookies).toEqual([
      expect.stringMatching(
        /^__Secure-app=[\w.-]{55}; Path=\/; Domain=example.com; Secure; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
      ),
    ]);
    const cookies = [(first.setCookies[0] as string).split(';')[0] as string];
    expect(service.receive(await handler(service.event({ cookies }) as never, contextOf())).body).toBe('2');
  });

  it('closes the session with the response', async () => {
    const world = new LambdaWorld();
    let late: (() => void) | undefined;
    const handler = withSession(world.sessions, (_event, session) => {
      late = () => session.set('theme', 'dark');
      return '';
    });
    await handler(serviceOf('HTTP API').event() as never, contextOf());
    expect(late).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLOSED' }));
  });
});

describe('LambdaSessions', () => {
  it.each(unsupportedEvents)('rejects %s, as a promise', async (_name, event) => {
    const world = new LambdaWorld();
    const requests = new LambdaSessions(world.sessions);
    let started: Promise<unknown> | undefined;
    expect(() => {
      started = requests.start(event as never);
    }).not.toThrow();
    await expect(started).rejects.toBeInstanceOf(UnsupportedEventError);
    expect(world.calls).toEqual([]);
  });

  it.each(services)('starts and commits by hand behind $name', async (service) => {
    const world = new LambdaWorld();
    const requests = new LambdaSessions(world.sessions);
    const event = service.event();
    const session = await requests.start(event, { context: contextOf(), create: true });
    const result = await requests.commit(session, event, { statusCode: 200, body: 'ok' });
    expect(tokenOf(service.receive(result))).toContain(session.id);
  });
});

describe.each(services)('withSession inside of withSession, behind $name', (service) => {
  it('has the session of the outer one, which ends it: one cookie, and the login stands', async () => {
    const world = new LambdaWorld();
    const requests = new LambdaSessions(world.sessions);
    const inner = withSession(world.sessions, async (event, session, context) => {
      expect(await requests.start(event, { context })).toBe(session);
      await session.logIn('alice');
      return requests.commit(session, event, { statusCode: 200, body: '' } as never);
    });
    const outer = withSession(world.sessions, async (event, session, context) => {
      const result = await inner(event, context);
      session.set('visits', 1);
      return result;
    });
    const event = service.event({ cookies: [`__Host-id=${await world.token()}`] });
    const response = service.receive(await outer(event as never, contextOf()));
    const seen = await world.sessions.read({ tokens: [tokenOf(response)] });
    expect([seen.userId, seen.get('theme'), seen.get('visits')]).toEqual(['alice', 'dark', 1]);
  });

  it('has a session of its own if it is of other sessions, or of another cookie', async () => {
    const { sessions } = new LambdaWorld();
    const { sessions: others } = new LambdaWorld();
    for (const inside of [sessions, others]) {
      const inner = withSession(
        inside,
        async (_event, session) => {
          await session.logIn('root');
          return { statusCode: 200, body: '' } as never;
        },
        { cookie: { name: '__Host-admin' } },
      );
      const outer = withSession(sessions, async (event, session, context) => {
        const result = await inner(event, context);
        expect(session.userId).toBeUndefined();
        return result;
      });
      const { setCookies } = service.receive(await outer(service.event() as never, contextOf()));
      expect(setCookies).toEqual([expect.stringMatching(/^__Host-admin=/)]);
    }
  });

  it('begins anew for an event that was handled before, whatever became of it', async () => {
    const { sessions } = new LambdaWorld();
    let fails = true;
    const handler = withSession(sessions, (_event, session) => {
      session.set('visits', (session.get('visits') ?? 0) + 1);
      if (fails) throw new Error('no');
      return { statusCode: 200, body: String(session.get('visits')) } as never;
    });
    const event = service.event() as never;
    await expect(handler(event, contextOf())).rejects.toThrow('no');
    fails = false;
    for (const _ of [1, 2])
      expect(service.receive(await handler(event, contextOf()))).toMatchObject({
        body: '1',
        setCookies: [expect.any(String)],
      });
  });

  it('sends the cookie of a login with the 503 that follows, or with what the application answers instead', async () => {
    const world = new LambdaWorld();
    const onStoreError = (): never => ({ statusCode: 502, body: 'sorry' }) as never;
    for (const options of [{}, { onStoreError }]) {
      const handler = withSession(
        world.sessions,
        async (_event, session) => {
          await session.logIn('alice');
          session.set('theme', 'dark');
          throw new StoreUnavailableError('down', { retryable: true });
        },
        options,
      );
      const response = service.receive(await handler(service.event() as never, contextOf()));
      expect(response.statusCode).toBe('onStoreError' in options ? 502 : 503);
      const seen = await world.sessions.read({ tokens: [tokenOf(response)] });
      expect([seen.userId, seen.get('theme')]).toEqual(['alice', undefined]);
    }
  });
});
