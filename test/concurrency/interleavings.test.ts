import { describe, expect, it } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import { type Session, SessionGoneError, type Sessions, type SessionsOptions } from '../../src/index.js';
import { playAll, type Scene } from '../world/every-order.js';
import { type App, Browser, type World } from '../world/world.js';

// Requests at once, in every order in which their calls to the store can come: each call is atomic, as it is in
// DynamoDB, and between any two of them another request may have its turn.

const USER = 'user-1';

/** Which of them are logged in, by an instance that reads the marks at every request. */
const living = (world: World, browsers: readonly Browser[]): Promise<boolean[]> =>
  Promise.all(
    browsers.map(async ({ token }) => {
      const tokens = token === undefined ? [] : [token];
      return (await world.sessions({ revocationCheck: 'always' }).read({ tokens })).userId === USER;
    }),
  );

const countLiving = async (world: World, browsers: readonly Browser[]): Promise<number> =>
  (await living(world, browsers)).filter(Boolean).length;

/** A request with the cookie that the browser has now; the browser does what the response says when it comes. */
const request =
  (browser: Browser, handler: (session: Session<App>) => unknown = () => {}) =>
  (sessions: Sessions<App>): Promise<unknown> => {
    const tokens = browser.token === undefined ? [] : [browser.token];
    return sessions.start({ tokens }).then(async (session) => {
      await handler(session);
      return browser.receive(await session.commit());
    });
  };

/** Requests that one browser sends at once. */
const ofOneBrowser =
  (
    prepare: (sessions: Sessions<App>, world: World) => Promise<Browser>,
    handlers: readonly ((session: Session<App>) => unknown)[],
    look: (browser: Browser, world: World) => Promise<unknown>,
  ): Scene['begin'] =>
  async (world, sessions) => {
    const browser = await prepare(sessions, world);
    return {
      requests: handlers.map((handler) => request(browser, handler)),
      check: () => look(browser, world),
    };
  };

const looks = (): void => {};
const logsIn = (session: Session<App>): Promise<void> => session.logIn(USER);
const regenerates = (session: Session<App>): Promise<void> => session.regenerate();
const setsVisits = (session: Session<App>): void => session.set('visits', 1);
const setsTheme = (session: Session<App>): void => session.set('theme', 'dark');

const isSignedIn = async (browser: Browser, world: World): Promise<boolean | undefined> =>
  (await living(world, [browser]))[0];

const withTheme = async (sessions: Sessions<App>): Promise<Browser> => {
  const browser = new Browser(sessions);
  await browser.request(setsTheme);
  return browser;
};

/** What was prepared so many seconds ago. */
const ago =
  (seconds: number, prepare: (sessions: Sessions<App>, world: World) => Promise<Browser>) =>
  async (sessions: Sessions<App>, world: World): Promise<Browser> => {
    const browser = await prepare(sessions, world);
    world.now += seconds;
    return browser;
  };

const ROTATION_IS_DUE = 3_600;

const loggedIn = async (sessions: Sessions<App>): Promise<Browser> => {
  const browser = new Browser(sessions);
  await browser.request((session) => (session.set('cart', ['book']), session.logIn(USER)));
  return browser;
};

/** The clock of the instances ticks a millisecond whenever somebody looks. */
function ticking(): SessionsOptions {
  let ticks = 0;
  return { clock: { now: () => 1_800_000_000_000 + (ticks += 1) } };
}

describe('in every order of their calls,', { timeout: 60_000 }, () => {
  it('15. a login and a fetch that sets something leave the browser signed in', async () => {
    await playAll({ begin: ofOneBrowser(withTheme, [logsIn, setsVisits], isSignedIn) }, true);
  });

  it('15. a regenerate and a fetch that sets something, with a rotation due, leave the browser signed in', async () => {
    const begin = ofOneBrowser(ago(ROTATION_IS_DUE, loggedIn), [regenerates, setsVisits], isSignedIn);
    await playAll({ begin }, true);
  });

  it('15. a login, and two fetches that set something, leave the browser signed in', async () => {
    const setsCart = (session: Session<App>): void => session.set('cart', ['book']);
    const begin = ofOneBrowser(withTheme, [logsIn, setsVisits, setsCart], isSignedIn);
    expect(await playAll({ begin }, true)).toBeGreaterThan(50);
  });

  it('15. a logout that keeps something and a fetch that sets something leave what was kept', async () => {
    const logsOut = (session: Session<App>): Promise<void> => session.logOut({ keep: ['cart'] });
    const look = async (browser: Browser): Promise<unknown> => {
      const found = await browser.start();
      return [found.userId, found.get('cart')];
    };
    await playAll({ begin: ofOneBrowser(loggedIn, [logsOut, setsVisits], look) }, [undefined, ['book']]);
  });

  it('15. two logouts that each set a message, and a login after the first, leave the user signed in', async () => {
    await playAll(
      {
        async begin(world, sessions) {
          const browser = await loggedIn(sessions);
          const late = browser.token as string;
          return {
            requests: [
              async (instance) => {
                await request(browser, (session) => session.logOut())(instance);
                await request(browser, (session) => session.logIn(USER))(instance);
              },
              async (instance) => {
                const session = await instance.start({ tokens: [late] });
                await session.logOut();
                session.set('challenge', 'you are logged out');
                const action = await session.commit();
                // It may be the one that has ended the session, before the login: then its cookie comes first.
                if (action.kind === 'set' && !(await living(world, [browser]))[0]) browser.receive(action);
                return action.kind;
              },
            ],
            check: () => living(world, [browser]),
          };
        },
      },
      [true],
    );
  });

  it('a login that is sent twice has the cart, whichever response comes last', async () => {
    await playAll(
      {
        async begin(_, sessions) {
          const browser = new Browser(sessions);
          await browser.request((session) => session.set('cart', ['book']));
          const twins = [new Browser(sessions), new Browser(sessions)];
          for (const twin of twins) twin.token = browser.token;
          return {
            requests: twins.map((twin) => request(twin, (session) => session.logIn(USER))),
            check: async () =>
              Promise.all(twins.map(async (twin) => [(await twin.start()).userId, (await twin.start()).get('cart')])),
          };
        },
      },
      [
        [USER, ['book']],
        [USER, ['book']],
      ],
    );
  });

  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    ['an anonymous session', (browser) => browser.request((session) => session.set('cart', ['book']))],
    ['a session of the user', (browser) => browser.request((session) => session.logIn(USER))],
  ])('9. an exclusive login that is sent twice, from %s, leaves one session', async (_, prepare) => {
    await playAll(
      {
        async begin(world, sessions) {
          const browser = new Browser(sessions);
          await prepare(browser);
          const twins = [new Browser(sessions), new Browser(sessions)];
          for (const twin of twins) twin.token = browser.token;
          return {
            requests: twins.map((twin) => request(twin, (session) => session.logIn(USER, { exclusive: true }))),
            check: () => countLiving(world, twins),
          };
        },
      },
      1,
    );
  });

  it('9. exclusive logins of two devices leave one', async () => {
    await playAll(
      {
        async begin(world, sessions) {
          const devices = [await loggedIn(sessions), new Browser(sessions)];
          return {
            requests: devices.map((device) => request(device, (session) => session.logIn(USER, { exclusive: true }))),
            check: () => countLiving(world, devices),
          };
        },
      },
      1,
    );
  });

  it('two logins beyond the bound leave one', async () => {
    await playAll(
      {
        options: { maxSessionsPerUser: 1, ...ticking() },
        async begin(world, sessions) {
          const devices = [new Browser(sessions), new Browser(sessions)];
          return {
            requests: devices.map((device) => request(device, (session) => session.logIn(USER))),
            check: async () => [await countLiving(world, devices), (await sessions.ofUser(USER)).length],
          };
        },
      },
      [1, 1],
    );
  });

  it('an exclusive login and another, beyond the bound, leave one', async () => {
    await playAll(
      {
        options: { maxSessionsPerUser: 1, ...ticking() },
        async begin(world, sessions) {
          const devices = [new Browser(sessions), new Browser(sessions)];
          return {
            requests: devices.map((device, index) =>
              request(device, (session) => session.logIn(USER, { exclusive: index === 0 })),
            ),
            check: async () => [await countLiving(world, devices), (await sessions.ofUser(USER)).length],
          };
        },
      },
      [1, 1],
    );
  });

  it('9. a logout of all others that is asked for twice leaves the one that asks', async () => {
    await playAll(
      {
        async begin(world, sessions) {
          const [mine, other] = [await loggedIn(sessions), await loggedIn(sessions)];
          const except = await mine.start();
          const ask = (instance: Sessions<App>): Promise<void> => instance.logOutUser(USER, { except });
          return { requests: [ask, ask], check: () => living(world, [mine, other]) };
        },
      },
      [true, false],
    );
  });

  it('9. a full logout and one of all others leave none: the one that asks has ended before, or is ended now', async () => {
    const seen = new Set<string>();
    await playAll(
      {
        async begin(world, sessions) {
          const [mine, other] = [await loggedIn(sessions), await loggedIn(sessions)];
          const except = await mine.start();
          return {
            requests: [(instance) => instance.logOutUser(USER, { except }), (instance) => instance.logOutUser(USER)],
            async check() {
              const found = await living(world, [mine, other]);
              seen.add(String(found));
              return found;
            },
          };
        },
      },
      [false, false],
    );
    expect([...seen]).toEqual(['false,false']);
  });

  it('1. a logout everywhere and any writes leave nothing that a later logout does not end', async () => {
    for (const write of [
      (session: Session<App>) => session.set('visits', 1),
      (session: Session<App>) => session.regenerate().catch(() => {}),
      (session: Session<App>) => session.update('visits', () => 1).catch(() => {}),
    ]) {
      await playAll(
        {
          async begin(world, sessions) {
            const browser = await loggedIn(sessions);
            world.now += 3_600;
            return {
              requests: [request(browser, write), (instance) => instance.logOutUser(USER)],
              check: async () => [await living(world, [browser]), (await sessions.ofUser(USER)).length],
            };
          },
        },
        [[false], 0],
      );
    }
  });

  it('14. of two takes and a set of another key, one gets the value', async () => {
    await playAll(
      {
        async begin(_, sessions) {
          const browser = new Browser(sessions);
          await browser.request((session) => session.set('challenge', 'once'));
          const taken: unknown[] = [];
          const take = request(browser, async (session) => taken.push(await session.getAndDelete('challenge')));
          return {
            requests: [take, take, request(browser, (session) => session.set('visits', 1))],
            check: async () => [
              taken.filter((value) => value === 'once').length,
              Object.fromEntries((await browser.start()).entries()),
            ],
          };
        },
      },
      [1, { visits: 1 }],
    );
  });

  it('3. two updates and a touch lose nothing, and each calls its function once or twice', async () => {
    let calls = 0;
    const begun = async (sessions: Sessions<App>): Promise<Browser> => {
      calls = 0;
      const browser = new Browser(sessions);
      await browser.request((session) => session.set('visits', 0));
      return browser;
    };
    const updates = (session: Session<App>): Promise<unknown> =>
      session.update('visits', (n = 0) => {
        calls += 1;
        return n + 1;
      });
    const look = async (browser: Browser): Promise<unknown> => [
      (await browser.start()).get('visits'),
      calls === 2 || calls === 3,
    ];
    await playAll({ begin: ofOneBrowser(ago(400, begun), [updates, updates], look) }, [2, true]);
  });

  it('4. two rotations at once leave the browser signed in, whichever response comes last', async () => {
    await playAll({ begin: ofOneBrowser(ago(ROTATION_IS_DUE, loggedIn), [looks, looks], isSignedIn) }, true);
  });

  it('6. a victim and an attacker who log in with one planted cookie share nothing', async () => {
    await playAll(
      {
        async begin(_, sessions) {
          const planted = new Browser(sessions);
          await planted.request((session) => session.set('cart', ['planted']));
          const [victim, attacker] = [new Browser(sessions), new Browser(sessions)];
          victim.token = planted.token;
          attacker.token = planted.token;
          return {
            requests: [
              request(victim, (session) => (session.set('challenge', 'secret'), session.logIn(USER))),
              request(attacker, (session) => session.logIn('attacker')),
            ],
            check: async () => {
              const [mine, theirs] = [await victim.start(), await attacker.start()];
              return [
                mine.userId,
                mine.get('challenge'),
                theirs.userId,
                theirs.get('challenge'),
                mine.id === theirs.id,
              ];
            },
          };
        },
      },
      [USER, 'secret', 'attacker', undefined, false],
    );
  });

  it('9. a login on the session that asks, and its logout of all others, leave it', async () => {
    await playAll(
      {
        async begin(world, sessions) {
          const [mine, other] = [await loggedIn(sessions), await loggedIn(sessions)];
          const except = await mine.start();
          return {
            requests: [
              request(mine, (session) => session.logIn(USER)),
              (instance) => instance.logOutUser(USER, { except }),
            ],
            check: () => living(world, [mine, other]),
          };
        },
      },
      [true, false],
    );
  });

  describe('and of late copies,', () => {
    const withChallenge = async (sessions: Sessions<App>): Promise<Browser> => {
      const browser = new Browser(sessions);
      await browser.request((session) => (session.set('visits', 0), session.set('challenge', 'once')));
      return browser;
    };

    const countsVisit = (session: Session<App>): Promise<unknown> => session.update('visits', (n = 0) => n + 1);
    const visitsOf = async (browser: Browser): Promise<unknown> => (await browser.start()).get('visits');

    it('14. of a set, two takes and one more afterwards get the value once', async () => {
      await playAll(
        {
          repeated: [0],
          async begin(_, sessions) {
            const browser = new Browser(sessions);
            await browser.request((session) => session.set('visits', 0));
            const taken: unknown[] = [];
            const take = request(browser, async (session) => taken.push(await session.getAndDelete('challenge')));
            return {
              requests: [request(browser, (session) => session.set('challenge', 'once')), take, take],
              async check() {
                await take(sessions);
                return taken.filter((value) => value === 'once').length;
              },
            };
          },
        },
        1,
      );
    });

    it('14. of a touch, two takes get the value once', async () => {
      await playAll(
        {
          repeated: [0],
          async begin(world, sessions) {
            const browser = await withChallenge(sessions);
            world.now += 400;
            const taken: unknown[] = [];
            const take = request(browser, async (session) => taken.push(await session.getAndDelete('challenge')));
            return {
              requests: [request(browser), take, take],
              check: async () => taken.filter((value) => value === 'once').length,
            };
          },
        },
        1,
      );
    });

    it('3. of a touch, two updates are both counted', async () => {
      const begin = ofOneBrowser(ago(400, withChallenge), [looks, countsVisit, countsVisit], visitsOf);
      await playAll({ repeated: [0], begin }, 2);
    });

    it('8. of two updates, both are counted', async () => {
      await playAll({ repeated: [0], begin: ofOneBrowser(withChallenge, [countsVisit, countsVisit], visitsOf) }, 2);
    });

    it('8. of a set, a set and an update that come afterwards stay', async () => {
      await playAll(
        {
          repeated: [0],
          async begin(_, sessions) {
            const browser = await withChallenge(sessions);
            return {
              requests: [
                async (instance) => {
                  await request(browser, (session) => session.set('theme', 'dark'))(instance);
                  await request(browser, (session) => session.set('theme', 'light'))(sessions);
                },
                request(browser, (session) => session.update('visits', (n = 0) => n + 1)),
              ],
              async check() {
                const found = await browser.start();
                return [found.get('theme'), found.get('visits')];
              },
            };
          },
        },
        ['light', 1],
      );
    });

    it.each<[string, (browser: Browser) => Promise<unknown>]>([
      ['nothing', () => Promise.resolve()],
      ['an anonymous session', (browser) => browser.request((session) => session.set('theme', 'dark'))],
      ['a session of the user', (browser) => browser.request((session) => session.logIn(USER))],
    ])('1. of a login, from %s, nothing lives on after a logout everywhere', async (_, prepare) => {
      await playAll(
        {
          repeated: [0],
          async begin(world, sessions) {
            const browser = new Browser(sessions);
            await prepare(browser);
            const tokens: (string | undefined)[] = [browser.token];
            return {
              requests: [
                async (instance) => {
                  await request(browser, (session) => session.logIn(USER))(instance);
                  tokens.push(browser.token);
                  await instance.logOutUser(USER);
                },
                request(new Browser(sessions)),
              ],
              async check() {
                const left = tokens.map((token) => {
                  const other = new Browser(sessions);
                  other.token = token;
                  return other;
                });
                const found = await Promise.all(left.map((other) => other.start()));
                return [await countLiving(world, left), found.filter(({ id }) => id !== undefined).length];
              },
            };
          },
        },
        [0, 0],
      );
    });

    it('1. of any write, nothing lives on after a logout at the same time', async () => {
      for (const write of [
        (session: Session<App>) => session.set('visits', 1),
        (session: Session<App>) => session.regenerate().catch(() => {}),
        (session: Session<App>) => session.logIn(USER),
      ]) {
        await playAll(
          {
            repeated: [0],
            async begin(_, sessions) {
              const browser = await loggedIn(sessions);
              const twin = new Browser(sessions);
              twin.token = browser.token;
              const id = (await browser.start()).id as string;
              return {
                requests: [request(twin, write), (instance) => instance.revoke(id)],
                async check() {
                  await sessions.logOutUser(USER);
                  return [(await browser.start()).id, (await twin.start()).id, await sessions.ofUser(USER)];
                },
              };
            },
          },
          [undefined, undefined, []],
        );
      }
    });

    it.each([
      ['login', logsIn],
      ['regenerate', regenerates],
    ])('15. of a set with which a rotation was due, beside a %s, the browser stays signed in', async (_, act) => {
      const begin = ofOneBrowser(ago(ROTATION_IS_DUE, loggedIn), [setsVisits, act], isSignedIn);
      await playAll({ repeated: [0], begin }, true);
    });

    it('4. of a rotation and its confirmation, the browser stays signed in, and the old secret retires', async () => {
      await playAll(
        {
          repeated: [0],
          async begin(world, sessions) {
            const browser = await loggedIn(sessions);
            const old = browser.token as string;
            world.now += 3_600;
            return {
              requests: [
                async (instance) => {
                  await request(browser)(instance);
                  await request(browser)(instance);
                },
                request(browser, (session) => session.set('visits', 1)),
              ],
              async check() {
                const isSignedIn = await living(world, [browser]);
                await browser.request();
                world.now += 121;
                await browser.request();
                const retired = (await sessions.read({ tokens: [old] })).userId;
                return [isSignedIn, retired, (await browser.start()).get('visits')];
              },
            };
          },
        },
        [[true], undefined, 1],
      );
    });
  });
});

describe('with encrypted data, in every order of their calls,', { timeout: 60_000 }, () => {
  const sealing: SessionsOptions = { encryption: encryptedData() };
  const opening: SessionsOptions = { encryption: encryptedData({ seal: false }) };

  /** A browser with a session in which there is a cart: begun before there was encryption, or with a key. */
  const withCart = async (world: World, options: SessionsOptions): Promise<Browser> => {
    const browser = new Browser(world.sessions(options));
    await browser.request((session) => session.set('cart', ['book']));
    return browser;
  };
  const begunWith = (options: SessionsOptions, seconds: number): ReturnType<typeof ago> =>
    ago(seconds, (_, world) => withCart(world, options));
  const look = (browser: Browser, world: World): Promise<unknown> => found(world, [browser]);

  /** What instances find now with each of these cookies, and how often they have found something unreadable. */
  const found = async (world: World, browsers: readonly Browser[]): Promise<unknown[]> => {
    const looked = await Promise.all(
      browsers.map(async ({ token }) => {
        const session = await world.sessions(sealing).read({ tokens: [token as string] });
        return { user: session.userId, ...Object.fromEntries(session.entries()) };
      }),
    );
    return [...looked, world.events.filter(({ type }) => type === 'unreadable').length];
  };

  const beginnings: readonly [string, SessionsOptions][] = [
    ['from before', {}],
    ['with a key', sealing],
  ];
  const moments = [
    ['', 0],
    [', with a rotation due', 3_600],
  ] as const;
  const cases = beginnings.flatMap(([name, begun]) =>
    moments.map(([when, pass]) => ({ kind: `${name}${when}`, begun, pass })),
  );

  it.each(cases)('3. what two requests set survives, in a session $kind', async ({ begun, pass }) => {
    const begin = ofOneBrowser(begunWith(begun, pass), [setsVisits, setsTheme], look);
    for (const repeated of [[], [0]]) {
      await playAll({ options: sealing, repeated, begin }, [
        { user: undefined, cart: ['book'], visits: 1, theme: 'dark' },
        0,
      ]);
    }
  });

  it.each(cases)('3. what a set and an update change survives, in a session $kind', async ({ begun, pass }) => {
    const updates = (session: Session<App>): Promise<unknown> =>
      session.update('cart', (cart = []) => [...cart, 'pen']);
    const begin = ofOneBrowser(begunWith(begun, pass), [setsTheme, updates], look);
    await playAll({ options: sealing, begin }, [{ user: undefined, cart: ['book', 'pen'], theme: 'dark' }, 0]);
  });

  it.each(cases)('a login and a set leave nothing unreadable, in a session $kind', async ({ begun, pass }) => {
    const setsCart = (session: Session<App>): void => session.set('cart', ['book']);
    const begin = ofOneBrowser(begunWith(begun, pass), [logsIn, setsCart], look);
    await playAll({ options: sealing, begin }, [{ user: USER, cart: ['book'] }, 0]);
  });

  it.each(cases)('a regenerate and an update lose nothing, in a session $kind', async ({ begun, pass }) => {
    const updates = async (session: Session<App>): Promise<void> => {
      await session.update('visits', (visits = 0) => visits + 1).catch(ifGone);
    };
    const withoutVisits = async (...at: Parameters<typeof look>): Promise<unknown> => {
      const [{ visits: _, ...session }, ...rest] = (await look(...at)) as [App, number];
      return [session, ...rest];
    };
    const begin = ofOneBrowser(begunWith(begun, pass), [regenerates, updates], withoutVisits);
    await playAll({ options: sealing, begin }, [{ user: undefined, cart: ['book'] }, 0]);
  });

  it.each(cases)(
    'functions that seal and functions that only open lose nothing between them, in a session $kind',
    async ({ begun, pass }) => {
      await playAll(
        {
          async begin(world) {
            const browser = await withCart(world, begun);
            world.now += pass;
            const served =
              (options: SessionsOptions, handler: (session: Session<App>) => unknown) =>
              (sessions: Sessions<App>): Promise<unknown> =>
                request(browser, handler)(world.sessions({ persistence: sessions.options.persistence, ...options }));
            return {
              requests: [
                served(sealing, (session) => session.set('visits', 1)),
                served(opening, (session) => session.set('theme', 'dark')),
              ],
              check: () => found(world, [browser]),
            };
          },
        },
        [{ user: undefined, cart: ['book'], visits: 1, theme: 'dark' }, 0],
      );
    },
  );

  it.each(cases)(
    'the one that saves at once and the one that only opens lose nothing, in a session $kind',
    async ({ begun, pass }) => {
      await playAll(
        {
          async begin(world) {
            const browser = await withCart(world, begun);
            world.now += pass;
            return {
              requests: [
                async ({ options: { persistence } }) => {
                  const session = await world
                    .sessions({ persistence, ...sealing })
                    .start({ tokens: [browser.token as string] });
                  session.set('visits', 1);
                  await session.save();
                },
                ({ options: { persistence } }) =>
                  request(browser, (session) => session.set('theme', 'dark'))(
                    world.sessions({ persistence, ...opening }),
                  ),
              ],
              check: () => found(world, [browser]),
            };
          },
        },
        [{ user: undefined, cart: ['book'], visits: 1, theme: 'dark' }, 0],
      );
    },
  );

  it.each(beginnings)('a login that is sent twice has the cart, in a session %s', async (_, begun) => {
    const orders = await playAll(
      {
        options: sealing,
        async begin(world) {
          const browser = await withCart(world, begun);
          const twins = [new Browser(world.sessions()), new Browser(world.sessions())];
          for (const twin of twins) twin.token = browser.token;
          return {
            requests: twins.map((twin) => request(twin, (session) => session.logIn(USER))),
            check: () => found(world, twins),
          };
        },
      },
      [{ user: USER, cart: ['book'] }, { user: USER, cart: ['book'] }, 0],
    );
    expect(orders).toBeGreaterThan(10);
  });
});

function ifGone(error: unknown): void {
  if (!(error instanceof SessionGoneError)) throw error;
}
