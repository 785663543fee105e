import { beforeAll, beforeEach } from 'vitest';
import type { Sessions } from '../../src/index.js';
import { newId } from './records.js';
import type { StoreKind, TestStore } from './stores.js';
import { type App, Browser, World } from './world.js';

/** What a test begins with. */
export interface Setting {
  /** One for all tests of a block. They do not meet in it, for each has a user of its own. */
  readonly store: TestStore;
  readonly world: World;
  readonly sessions: Sessions<App>;
  readonly browser: Browser;
  readonly user: string;
}

/**
 * Opens a store for the tests of a block, and gives each test what it begins with.
 *
 * @example
 * let { world, user } = {} as Setting;
 * useStore(each, (setting) => {
 *   ({ world, user } = setting);
 * });
 */
export function useStore(kind: StoreKind, begin: (setting: Setting) => unknown): void {
  let store: TestStore;

  beforeAll(async () => {
    store = await kind.open();
    return () => store.close();
  });

  beforeEach(async () => {
    const world = new World(store.persistence);
    const sessions = world.sessions();
    await begin({ store, world, sessions, browser: new Browser(sessions), user: `user-${newId()}` });
  });
}
