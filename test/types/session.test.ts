import { describe, expectTypeOf, it } from 'vitest';
import {
  type CookieAction,
  type DeepReadonly,
  ExtendablePersistenceLayer,
  type KeyOf,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type ReadonlySession,
  type Session,
  type SessionError,
  type SessionEvent,
  Sessions,
  type SessionUser,
  type UserId,
} from '../../src/index.js';
import type { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';

interface App {
  theme: 'light' | 'dark';
  cart: string[];
  visits?: number;
  2025: boolean;
}

interface User extends SessionUser {
  readonly id: string;
  readonly email: string;
}

/** What is in here is compiled, and never run: each `@ts-expect-error` must be one. */
function compiled(_body: (session: Session<App, User>, sessions: Sessions<App, User>) => unknown): void {}

describe("a session's data", () => {
  it('is typed by the application, key by key', () => {
    compiled((session) => {
      expectTypeOf(session.get('theme')).toEqualTypeOf<'light' | 'dark' | undefined>();
      expectTypeOf(session.get('cart')).toEqualTypeOf<readonly string[] | undefined>();
      expectTypeOf(session.get('visits')).toEqualTypeOf<number | undefined>();
      expectTypeOf(session.keys()).toEqualTypeOf<readonly KeyOf<App>[]>();
      session.set('theme', 'dark');
      session.set('cart', []);
      session.delete('cart');
    });
  });

  it('takes no value of another type', () => {
    compiled((session) => {
      // @ts-expect-error
      session.set('theme', 3);
      // @ts-expect-error
      session.set('theme', 'blue');
      // @ts-expect-error
      session.set('cart', [1]);
      // @ts-expect-error
      session.set('theme', undefined);
      // @ts-expect-error the value is missing
      session.set('theme');
    });
  });

  it('has no other keys', () => {
    compiled((session) => {
      // @ts-expect-error
      session.get('them');
      // @ts-expect-error
      session.set('them', 'dark');
      // @ts-expect-error
      session.has('them');
      // @ts-expect-error
      session.delete('them');
      // @ts-expect-error keys are text
      session.get(2025);
      // @ts-expect-error
      void session.getAndDelete('them');
      // @ts-expect-error
      void session.logOut({ keep: ['them'] });
      // @ts-expect-error
      session.theme = 'dark';
    });
  });

  it('is updated and taken with its types', () => {
    compiled((session) => {
      expectTypeOf(session.update('visits', (visits = 0) => visits + 1)).toEqualTypeOf<Promise<number | undefined>>();
      expectTypeOf(session.update('cart', async (cart = []) => [...cart, 'book'])).toEqualTypeOf<
        Promise<readonly string[]>
      >();
      expectTypeOf(session.getAndDelete('cart')).toEqualTypeOf<Promise<string[] | undefined>>();
      // @ts-expect-error
      void session.update('cart', () => 3);
      // @ts-expect-error it may have no value yet
      void session.update('cart', (cart) => [...cart, 'book']);
    });
  });

  it('is to be looked at only, where it is got', () => {
    compiled((session) => {
      // @ts-expect-error it is a copy: nothing would be stored
      session.get('cart')?.push('book');
      for (const [, value] of session.entries())
        expectTypeOf(value).toEqualTypeOf<number | undefined | readonly string[] | 'light' | 'dark'>();
      session.set('cart', session.get('cart') ?? []);
      session.set('cart', [...(session.get('cart') ?? []), 'book']);
      // @ts-expect-error the new value, which is stored already
      void session.update('cart', (cart = []) => cart).then((cart) => cart.push('book'));
      void session.update('cart', (cart = []) => {
        cart.push('book');
        return cart;
      });
      void session.getAndDelete('cart').then((cart) => cart?.push('book'));
    });
  });

  it('is anything, and unknown, for an application that does not say', () => {
    const sessions = new Sessions();
    expectTypeOf<Awaited<ReturnType<typeof sessions.start>>>().toEqualTypeOf<Session>();
    ((session: Session) => {
      session.set('anything', { at: 'all' });
      expectTypeOf(session.get('anything')).toBeUnknown();
      expectTypeOf(session.getAndDelete('anything')).resolves.toBeUnknown();
      expectTypeOf(session.entries()).toEqualTypeOf<readonly (readonly [string, unknown])[]>();
      void session.update('anything', (value) => expectTypeOf(value).toBeUnknown());
      // @ts-expect-error keys are text
      session.get(3);
    }) satisfies unknown;
  });

  it('is of no matter to a helper that takes a Session', () => {
    const helper = (_session: Session): void => {};
    const reader = (_session: ReadonlySession): void => {};
    const lister = (_sessions: Sessions): void => {};
    compiled((session, sessions) => {
      helper(session);
      reader(session);
      lister(sessions);
      reader({} as ReadonlySession<App, User>);
      helper({} as Session<{ other: Map<string, Date> }>);
      helper({} as Session<Record<string, unknown>>);
      lister(new Sessions<{ other: string }>());
      ((_session: Session<App>) => {})(session);
    });
  });

  it('is that of the application where a helper asks for it', () => {
    compiled((session) => {
      // @ts-expect-error the cart is another one
      ((_session: Session<{ cart: number }>) => {})(session);
      // @ts-expect-error nobody said that the keys are those of the application
      ((_session: Session<App>) => {})({} as Session<Record<string, unknown>>);
      // @ts-expect-error these users have no e-mail address
      ((_session: Session<App, User>) => {})({} as Session<App>);
    });
  });

  it('can be given by an interface and by a type alias', () => {
    type Alias = { theme: 'light' | 'dark' };
    expectTypeOf(new Sessions<Alias>()).toEqualTypeOf<Sessions<Alias>>();
    expectTypeOf(new Sessions<App>()).toEqualTypeOf<Sessions<App>>();
    // @ts-expect-error data is an object
    new Sessions<string>();
  });
});

describe("a session's user", () => {
  it('is typed by the second parameter', () => {
    compiled((session, sessions) => {
      expectTypeOf(session.user()).toEqualTypeOf<Promise<User | undefined>>();
      void session.logIn({ id: 'alice', email: 'alice@example.com' });
      void session.logIn('alice', { exclusive: true });
      void sessions.logOutUser('alice', { except: session });
      // @ts-expect-error a user has an e-mail address here
      void session.logIn({ id: 'alice' });
      // @ts-expect-error
      void session.logIn(null);
      // @ts-expect-error
      void session.logIn('alice', { exclusiv: true });
    });
  });

  it('has IDs of its own type, wherever one is told or asked for', () => {
    compiled((session, sessions) => {
      expectTypeOf(session.userId).toEqualTypeOf<string | undefined>();
      expectTypeOf<ReadonlySession<App, User>['userId']>().toEqualTypeOf<string | undefined>();
      new Sessions<App, User>({
        onEvent: (event) => expectTypeOf(event.userId).toEqualTypeOf<string | undefined>(),
      });
      const told = (_event: SessionEvent): void => {};
      new Sessions<App, User>({ onEvent: told });
      if (session.userId !== undefined) void sessions.ofUser(session.userId, { current: session });
      void sessions.revoke('id', { ofUser: session.userId });
      // @ts-expect-error a number is no ID of such a user
      void session.logIn(42);
      // @ts-expect-error
      void sessions.ofUser(42);
      // @ts-expect-error
      void sessions.logOutUser(42);
      // @ts-expect-error
      void sessions.revoke('id', { ofUser: 42 });
    });
  });

  it('has an ID of any type for an application that does not say', () => {
    ((session: Session<App>, sessions: Sessions<App>) => {
      expectTypeOf(session.userId).toEqualTypeOf<UserId | undefined>();
      void [session.logIn(42), session.logIn('42'), session.logIn(42n), sessions.logOutUser(42)];
      new Sessions<App>({ onEvent: (event) => expectTypeOf(event.userId).toEqualTypeOf<UserId | undefined>() });
    }) satisfies unknown;
  });

  it('comes from a persistence layer that knows such users', () => {
    const loadUser = (): Promise<User | undefined> => Promise.resolve(undefined);
    expectTypeOf(new MemoryPersistenceLayer({ loadUser })).toEqualTypeOf<MemoryPersistenceLayer<User>>();
    expectTypeOf(new ExtendablePersistenceLayer({ loadUser })).toExtend<PersistenceLayer<User>>();
    expectTypeOf<DynamoDBPersistenceLayer<User>>().toExtend<PersistenceLayer<User>>();
    expectTypeOf(new Sessions<App, User>({ persistence: new MemoryPersistenceLayer({ loadUser }) })).toEqualTypeOf<
      Sessions<App, User>
    >();
    // @ts-expect-error this layer's users have no e-mail address
    new Sessions<App, User>({ persistence: new MemoryPersistenceLayer<SessionUser>() });
  });

  it('has an ID', () => {
    // @ts-expect-error
    expectTypeOf<Sessions<App, { email: string }>>();
  });
});

describe('the options of Sessions', () => {
  it('do not compile if unknown or of another type', () => {
    const rejected = (): unknown[] => [
      // @ts-expect-error
      new Sessions({ idleTimeOut: 60 }),
      // @ts-expect-error
      new Sessions({ idleTimeout: '1h' }),
      // @ts-expect-error
      new Sessions({ rotationInterval: true }),
      // @ts-expect-error
      new Sessions({ reuse: 'ignore' }),
      // @ts-expect-error
      new Sessions({ acceptRemoteIp: {} }),
      // @ts-expect-error
      new Sessions({ persistence: { loadSession: () => Promise.resolve(undefined) } }),
    ];
    expectTypeOf(rejected).toBeFunction();
  });
});

describe('what a commit says', () => {
  it('is one of three things, told apart by its kind', () => {
    ((action: CookieAction): string => {
      switch (action.kind) {
        case 'keep':
          // @ts-expect-error nothing to send
          return action.token;
        case 'clear':
          return '';
        case 'set':
          return `${action.token} for ${action.maxAge} s`;
      }
    }) satisfies unknown;
  });
});

describe('an error', () => {
  it('is told apart by its literal code', () => {
    expectTypeOf<SessionError['code']>().toExtend<`ERR_SESSION_${string}`>();
    ((error: SessionError) => error.code === 'ERR_SESSION_GONE') satisfies unknown;
    // @ts-expect-error there is no such code
    ((error: SessionError) => error.code === 'ERR_SESSION_LOST') satisfies unknown;
  });
});

describe('DeepReadonly', () => {
  interface Item {
    sku: string;
    tags: string[];
    at: Date;
    more?: Map<string, Set<string[]>>;
  }
  type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

  it('reaches through arrays, tuples, maps, sets and plain objects', () => {
    expectTypeOf<DeepReadonly<Item[]>>().toEqualTypeOf<
      readonly {
        readonly sku: string;
        readonly tags: readonly string[];
        readonly at: Date;
        readonly more?: ReadonlyMap<string, ReadonlySet<readonly string[]>>;
      }[]
    >();
    expectTypeOf<DeepReadonly<[number, string[]]>>().toEqualTypeOf<readonly [number, readonly string[]]>();
    expectTypeOf<DeepReadonly<Record<string, string[]>>>().toEqualTypeOf<{
      readonly [key: string]: readonly string[];
    }>();
    expectTypeOf<DeepReadonly<Json>>().toExtend<string | number | boolean | null | object>();
    expectTypeOf<Json>().toExtend<DeepReadonly<Json>>();
    expectTypeOf<Item>().toExtend<DeepReadonly<Item>>();
  });

  it('leaves what has nothing to change, or has methods or private members', () => {
    class Money {
      readonly #amount: number = 1;
      tags: string[] = [];
      get amount(): number {
        return this.#amount;
      }
    }
    class Cart {
      lines: string[] = [];
      total(): number {
        return this.lines.length;
      }
    }
    expectTypeOf<DeepReadonly<'light' | 'dark' | undefined>>().toEqualTypeOf<'light' | 'dark' | undefined>();
    expectTypeOf<DeepReadonly<unknown>>().toBeUnknown();
    type Any = ReturnType<typeof JSON.parse>;
    expectTypeOf<DeepReadonly<Any>>().toBeAny();
    expectTypeOf<DeepReadonly<never>>().toBeNever();
    expectTypeOf<DeepReadonly<Money>>().toEqualTypeOf<Money>();
    expectTypeOf<DeepReadonly<Cart>>().toEqualTypeOf<Cart>();
    expectTypeOf<DeepReadonly<Date | URL | RegExp | Uint8Array | Buffer | ArrayBuffer>>().toEqualTypeOf<
      Date | URL | RegExp | Uint8Array | Buffer | ArrayBuffer
    >();
    expectTypeOf<DeepReadonly<{ anything: Any }>>().toEqualTypeOf<{ readonly anything: Any }>();
  });
});
