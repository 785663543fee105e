import { describe, expect, it } from 'vitest';
import {
  ExtendablePersistenceLayer,
  MemoryPersistenceLayer,
  type SessionRecord,
  Sessions,
} from '../../../src/index.js';
import { recordOf } from '../../world/records.js';
import { Browser, World } from '../../world/world.js';

describe('an extendable persistence layer', () => {
  it('does nothing where no function is given', async () => {
    const layer = new ExtendablePersistenceLayer();
    expect(await layer.loadSession('id')).toBeUndefined();
    expect(await layer.saveSession('id', recordOf(), { kind: 'create' })).toBeUndefined();
    expect(await layer.deleteSession('id')).toBeUndefined();
    expect(await layer.userSessions('user-1')).toEqual([]);
    expect(await layer.loadUser('user-1')).toBeUndefined();
    expect([...(await layer.roleHierarchy())]).toEqual([]);
  });

  it('has no optional function unless it is given', () => {
    const optional = ['mayBeStale', 'limits', 'loadUserSessions', 'deleteSessions', 'loadMarks', 'raiseUserMark'];
    for (const name of optional) expect(Reflect.get(new ExtendablePersistenceLayer(), name)).toBeUndefined();
    const deleteSessions = (): Promise<void> => Promise.resolve();
    expect(new ExtendablePersistenceLayer({ deleteSessions, mayBeStale: true })).toMatchObject({
      deleteSessions,
      mayBeStale: true,
    });
  });

  it('takes its functions from a subclass', async () => {
    class Users extends ExtendablePersistenceLayer {
      override loadUser(userId: string): Promise<{ id: string }> {
        return Promise.resolve({ id: userId });
      }
    }
    expect(await new Users().loadUser('user-1')).toEqual({ id: 'user-1' });
  });

  it('is a whole persistence layer to Sessions', () => {
    expect(() => new Sessions({ persistence: new ExtendablePersistenceLayer() })).not.toThrow();
  });

  it('keeps sessions with two functions: a page sees what the one before it set', async () => {
    const records = new Map<string, SessionRecord>();
    const world = new World(
      new ExtendablePersistenceLayer({
        loadSession: (id) => Promise.resolve(records.get(id)),
        saveSession: async (id, session) => void records.set(id, session),
      }),
    );
    const browser = new Browser(world.sessions());
    await browser.request((session) => session.set('theme', 'dark'));
    await browser.request((session) => session.logIn('user-1'));
    const session = await browser.start();
    expect([session.get('theme'), session.userId]).toEqual(['dark', 'user-1']);
  });

  it('can add to a layer that there is', async () => {
    const memory = new MemoryPersistenceLayer();
    const layer = new ExtendablePersistenceLayer({
      loadSession: (id, options) => memory.loadSession(id, options),
      saveSession: (...call) => memory.saveSession(...call),
    });
    await layer.saveSession('id', recordOf(), { kind: 'create' });
    expect(await layer.loadSession('id')).toBeDefined();
  });
});
