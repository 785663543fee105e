import { expect, onTestFinished, vi } from 'vitest';
import { MemoryPersistenceLayer, type PersistenceLayer, type Sessions, type SessionsOptions } from '../../src/index.js';
import { type App, World } from './world.js';

// Requests at once, in every order in which their calls to the store can come: each call is atomic, as it is in
// DynamoDB, and between any two of them another request may have its turn.

/** A call that waits for its turn. */
type Waiting = () => void;

/** One request, of whose calls the next is made when the schedule says so. */
class Player {
  readonly waiting: Waiting[] = [];
  isDone = false;
  #changed: () => void = () => {};

  /**
   * The layer as this request has it.
   *
   * @param late is given a copy of each save: the first attempt, which the client has given up, and which lands later
   */
  layer(persistence: PersistenceLayer, late?: (copy: () => Promise<unknown>) => void): PersistenceLayer {
    return new Proxy(persistence, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...call: unknown[]): Promise<unknown> => {
          await this.turn();
          const make = async (): Promise<unknown> => (member as (...given: unknown[]) => unknown).apply(target, call);
          if (late === undefined || name !== 'saveSession') return make();
          const outcome = (await make()) as object;
          late(make);
          return { ...outcome, repeated: true };
        };
      },
    });
  }

  /** Waits for a turn. */
  turn(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      this.#changed();
    });
  }

  async play(request: () => Promise<unknown>): Promise<void> {
    try {
      await request();
    } finally {
      this.isDone = true;
      this.#changed();
    }
  }

  /** Waits until it can go no further without a turn. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.isDone && this.waiting.length === 0) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }
}

/** What happens at once, and what must be true afterwards. */
export interface Scene {
  readonly options?: SessionsOptions;
  /** Which of the requests send each save twice, as numbers. */
  readonly repeated?: readonly number[];
  /** Prepares the store, and returns the requests; each gets sessions of an instance of its own. */
  readonly begin: (
    world: World,
    sessions: Sessions<App>,
  ) => Promise<{
    readonly requests: readonly ((sessions: Sessions<App>) => Promise<unknown>)[];
    readonly check: () => Promise<unknown>;
  }>;
}

/** Plays the scene by one schedule: which of those that wait has the next turn, as numbers. Returns how many there were to choose from, each time. */
async function playOnce(
  { options, repeated = [], begin }: Scene,
  choices: readonly number[],
): Promise<{ widths: number[]; result: unknown }> {
  const memory = new MemoryPersistenceLayer();
  const world = new World(memory);
  const { requests, check } = await begin(world, world.sessions(options));
  const players = requests.map(() => new Player());
  const late = (copy: () => Promise<unknown>): void => {
    const player = new Player();
    players.push(player);
    plays.push(player.play(() => player.turn().then(copy)));
  };
  const plays: Promise<void>[] = [];
  for (const [index, act] of requests.entries()) {
    const player = players[index] as Player;
    const persistence = player.layer(memory, repeated.includes(index) ? late : undefined);
    plays.push(player.play(() => act(world.sessions({ ...options, persistence }))));
  }
  const widths: number[] = [];
  let moved = [...players];
  for (;;) {
    for (const player of moved) await player.settle();
    const ready = players.filter((player) => player.waiting.length > 0);
    if (ready.length === 0) break;
    const choice = ready.length === 1 ? 0 : (choices[widths.length] ?? 0);
    if (ready.length > 1) widths.push(ready.length);
    const next = ready[choice] as Player;
    const before = players.length;
    next.waiting.shift()?.();
    await next.settle();
    // A copy that it has sent is one more.
    moved = players.slice(before);
  }
  await Promise.all(plays);
  return { widths, result: await check() };
}

/** Every schedule, one after the other. */
export async function playAll(scene: Scene, expected: unknown, most = 20_000): Promise<number> {
  // Nobody waits at random before trying again: whose turn it is, the schedule says.
  const random = vi.spyOn(Math, 'random').mockReturnValue(0);
  onTestFinished(() => random.mockRestore());
  let choices: number[] = [];
  for (let played = 1; played <= most; played += 1) {
    const { widths, result } = await playOnce(scene, choices);
    expect(result, `after the choices ${choices.join(' ')}`).toEqual(expected);
    const taken = widths.map((_, index) => choices[index] ?? 0);
    let last = taken.length - 1;
    while (last >= 0 && (taken[last] as number) + 1 >= (widths[last] as number)) last -= 1;
    if (last < 0) return played;
    choices = [...taken.slice(0, last), (taken[last] as number) + 1];
  }
  throw new Error(`There are more than ${most} schedules.`);
}
