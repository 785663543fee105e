import type { GuardedLayer } from './guarded-layer.js';
import { isLive } from './lifetime.js';
import { loggedOutBy } from './marks.js';
import type { SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { mintWriteMark } from './token.js';
import { type UserId, userKey } from './user-id.js';

/** What is done to all of a user's sessions. */

const AT_ONCE = 25;

/** The user's live sessions, those seen last first. */
export async function listUserSessions<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
): Promise<readonly (readonly [id: string, record: SessionRecord])[]> {
  const { sessions, ...marks } = await layer.loadUserSessions(userId);
  const user = userKey(userId);
  return [...sessions]
    .filter(
      ([id, record]) =>
        record.userId !== undefined &&
        userKey(record.userId) === user &&
        isLive(record, layer.now) &&
        loggedOutBy(id, record, marks) === undefined,
    )
    .toSorted(([a, x], [b, y]) => y.lastSeenAt - x.lastSeenAt || y.createdAt - x.createdAt || (a < b ? -1 : 1));
}

/**
 * Ends all of a user's sessions but the one. The mark comes first: from then on the others are dead, those that the
 * index does not show yet included. Run again after a failure, it finishes what is left.
 */
export async function logOutEverywhere<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  except: string | undefined,
): Promise<void> {
  await layer.raiseUserMark(userId, except);
  if (except !== undefined) await spare(layer, except, userId);
  await sweep(layer, userId, except, (ids) => layer.deleteAll(ids));
  layer.emit({ type: 'logged-out', everywhere: true }, undefined, userId);
}

/** Ends the sessions that were logged in before a generation; a login that has come since is left alone. */
export async function endOlderLogins<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  except: string,
  generation: number | undefined,
): Promise<void> {
  await sweep(layer, userId, except, async (ids) => {
    await inGroups(ids, (id) => layer.delete(id, { generationBelow: generation }));
  });
}

/** Ends the sessions seen least recently until the user has no more than the bound; never the one that is kept. */
export async function enforceBound<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  keep: string,
): Promise<void> {
  const bound = layer.options.maxSessionsPerUser;
  if (bound === Number.POSITIVE_INFINITY || (await layer.userSessions(userId)).length <= bound) return;
  const others = (await listUserSessions(layer, userId)).filter(([id]) => id !== keep);
  await inGroups(others.slice(bound - 1), async ([id]) => {
    await layer.delete(id);
    layer.emit({ type: 'revoked', reason: 'too-many-sessions' }, id, userId);
  });
}

/**
 * Brings the session that the mark has spared up to the mark's generation, for the next raise to find it there. If it
 * has ended meanwhile, or another raise has come since, there is nothing to spare.
 */
async function spare<User extends SessionUser>(layer: GuardedLayer<User>, id: string, userId: UserId): Promise<void> {
  const { epoch: _, ...marks } = await layer.loadMarks(userId);
  const { generation } = marks;
  if (generation === undefined) return;
  for (;;) {
    const record = await layer.load(id, true);
    if (record?.userId === undefined || userKey(record.userId) !== userKey(userId)) return;
    if (loggedOutBy(id, record, marks) !== undefined) return;
    const outcome = await layer.save(
      id,
      { ...record, generation, lastWrite: mintWriteMark() },
      {
        kind: 'update',
        set: [],
        removed: [],
        touched: false,
        rotated: false,
        userAttached: true,
        expected: { now: layer.now, auth: record.auth },
      },
    );
    if (outcome.kind === 'saved') return;
  }
}

/** Lists and ends, until a list shows nothing new: an index learns late of new sessions, and of ended ones. */
async function sweep<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  except: string | undefined,
  end: (ids: readonly string[]) => Promise<void>,
): Promise<void> {
  const done = new Set([except]);
  for (;;) {
    const ids = (await layer.userSessions(userId)).filter((id) => !done.has(id));
    if (ids.length === 0) return;
    await end(ids);
    for (const id of ids) done.add(id);
  }
}

async function inGroups<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE)
    await Promise.all(items.slice(start, start + AT_ONCE).map(act));
}
