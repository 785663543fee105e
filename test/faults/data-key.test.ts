import { beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { withOneClient } from '../world/clients.js';
import { FAULTS, type Fault, type Network } from '../world/faults.js';
import { type App, Browser, World } from '../world/world.js';
import { type Attempts, isAwaited, planFor } from './attempts.js';
import { openStage, type Stage } from './stage.js';

// What makes or replaces the key of encrypted data is lost on its way, or comes late. No data may be lost with it.

const HOUR = 3_600;

/** What cannot befall the write of a session. */
const ELSEWHERE: ReadonlySet<Fault> = new Set(['unprocessed', 'stale', 'lagging', 'paged']);
const faults = (Object.keys(FAULTS) as Exclude<Fault, 'none'>[]).filter((fault) => !ELSEWHERE.has(fault));

// Each fault befalls one engine and client, in turn.
const places = withOneClient(engines());

describe.each(places)('the key of encrypted data × every fault on $name', ({ name: here, engine, client }) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  for (const [turn, fault] of faults.entries()) {
    if (places[turn % places.length]?.name !== here) continue;
    const options = { timeout: 120_000, concurrent: isAwaited(fault) };
    const what = `${fault}: ${FAULTS[fault].meaning}`;
    const meets = async (play: (act: Act) => Promise<void>): Promise<void> => {
      await Promise.all(
        (['first', 'all'] as const).map(async (attempts) => {
          const act = await begin(fault, attempts);
          await play(act);
          expect(act.network.struck).toContain(fault);
          expect(act.world.events.filter(({ type }) => type === 'unreadable')).toEqual([]);
        }),
      );
    };

    for (const order of ['before', 'after'] as const) {
      it(`${what} Of two first keys, the one written ${order} the other: both values open (F3)`, options, () =>
        meets(async ({ struck, sound, network, strike, spare }) => {
          const before = new Browser(new World(stage.sound, false).sessions());
          await before.request((session) => session.set('theme', 'dark'));
          struck.token = sound.token = before.token;
          const [mine, theirs] = [await struck.start(), await sound.start()];
          mine.set('visits', 1);
          theirs.set('cart', ['book']);
          if (order === 'after') await sound.finish(theirs);
          strike();
          const isDone = await finished(struck.finish(mine));
          if (order === 'before') await sound.finish(theirs);
          spare();
          if (!isDone) await sound.request((session) => session.set('visits', 1));
          await network.releaseZombies();
          expect(await held(sound)).toEqual({ theme: 'dark', visits: 1, cart: ['book'] });
        }),
      );
    }

    it(`${what} The response to a rotation is lost: the old cookie and the new one open all data (F3)`, options, () =>
      meets(async ({ struck, sound, network, world, strike, spare }) => {
        await struck.request((session) => session.set('theme', 'dark'));
        world.now += HOUR;
        sound.token = struck.token;
        const session = await struck.start();
        session.set('visits', 1);
        strike();
        const isDone = await finished(struck.finish(session));
        spare();
        const opens = async (): Promise<unknown> => {
          const { theme, visits } = await held(sound);
          return { theme, isThere: visits === 1 || !isDone };
        };
        expect(await opens()).toEqual({ theme: 'dark', isThere: true });
        await network.releaseZombies();
        expect(await opens()).toEqual({ theme: 'dark', isThere: true });
        await sound.request((again) => again.set('visits', 2));
        world.now += HOUR;
        await sound.request();
        world.now += HOUR;
        await sound.request();
        expect(await held(sound)).toEqual({ theme: 'dark', visits: 2 });
      }),
    );

    it(`${what} The response to a login is lost: the login that is sent again finds the data (F3)`, options, () =>
      meets(async ({ struck, sound, network, world, strike, spare }) => {
        await struck.request((session) => session.set('theme', 'dark'));
        sound.token = struck.token;
        const session = await struck.start();
        strike(1);
        await finished(session.logIn('ann').then(() => struck.finish(session)));
        spare();
        await sound.request((again) => again.logIn('ann'));
        expect(await held(sound)).toEqual({ theme: 'dark' });
        await network.releaseZombies();
        world.now += HOUR;
        await sound.request();
        expect(await held(sound)).toEqual({ theme: 'dark' });
      }),
    );
  }

  async function begin(fault: Fault, attempts: Attempts): Promise<Act> {
    const { layer, network } = await stage.instance({ waits: isAwaited(fault) });
    const world = new World(stage.sound, true);
    const options = { revocationCheck: 'always' } as const;
    return {
      world,
      network,
      struck: new Browser(world.sessions({ ...options, persistence: layer })),
      sound: new Browser(world.sessions(options)),
      strike: (call = 0) => network.planEach(planFor(fault, attempts, { operation: 'UpdateItem', call })),
      spare: () => network.planEach(() => 'none'),
    };
  }
});

interface Act {
  readonly world: World;
  readonly network: Network;
  /** A browser whose requests the fault befalls, and the same browser with others. */
  readonly struck: Browser;
  readonly sound: Browser;
  /** From now on, the fault befalls the write that is so many calls away. */
  readonly strike: (call?: number) => void;
  readonly spare: () => void;
}

/** Whether it succeeds; otherwise it may be tried again, and nobody is told anything. */
async function finished(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(StoreUnavailableError);
    return false;
  }
}

const held = async (browser: Browser): Promise<Partial<App>> => Object.fromEntries((await browser.start()).entries());
