import { contended } from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { isLive } from './lifetime.js';
import { loggedOutBy, sparing } from './marks.js';
import type { SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { sameUser, type UserId } from './user-id.js';

/** What is done to all of a user's sessions. */

const AT_ONCE = 25;
/** How often others may come between before it is given up. */
const MOST_ATTEMPTS = 30;

/** The user's live sessions, those seen last first. */
export async function listUserSessions<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
): Promise<readonly (readonly [id: string, record: SessionRecord])[]> {
  const { sessions, ...marks } = await layer.loadUserSessions(userId);
  return [...sessions]
    .filter(
      ([id, record]) =>
        record.userId !== undefined &&
        sameUser(record.userId, userId) &&
        isLive(record, layer.now) &&
        loggedOutBy(id, record, marks) === undefined,
    )
    .toSorted(([a, x], [b, y]) => y.lastSeenAt - x.lastSeenAt || y.createdAt - x.createdAt || (a < b ? -1 : 1));
}

/**
 * Ends all of a user's sessions but the one. None is deleted before the mark is raised: from then on they are dead, those
 * that the index does not show yet included. Run again after a failure, it finishes what is left.
 *
 * @param markLifetime for how long the mark stays (seconds), if nobody is spared
 */
export async function logOutEverywhere<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  except?: string,
  markLifetime?: number,
): Promise<void> {
  const raised =
    except === undefined ? layer.raiseUserMark(userId, undefined, markLifetime) : raiseSparing(layer, userId, except);
  const listed = layer.userSessions(userId);
  // A failure is told when nothing is under way any more.
  await Promise.allSettled([raised, listed]);
  await raised;
  await sweep(layer, userId, except, (ids) => layer.deleteAll(ids), listed);
  layer.emit({ type: 'logged-out', everywhere: true }, undefined, userId);
}

/** Raises the mark, and spares a session of the user's that is alive when it is raised. */
async function raiseSparing<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  id: string,
): Promise<void> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    // The mark first: a login in between only makes the session newer.
    const marks = await layer.loadMarks(userId);
    const record = await layer.load(id);
    const isTheirs = record?.userId !== undefined && sameUser(record.userId, userId);
    const spare = isTheirs && loggedOutBy(id, record, marks) === undefined ? sparing(id, record) : undefined;
    const generation = await layer.raiseUserMark(userId, { spare, since: marks.generation });
    if (generation !== undefined || !layer.hasMarks) return;
  }
  throw contended();
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

/**
 * Ends the user's oldest logins until there are no more than the bound. All logins have one order, by time and then by
 * ID, and each ends nothing that is newer than itself: so of any number at once, the newest stay.
 *
 * @returns whether the login itself is one of those that stay
 */
export async function enforceBound<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  own: readonly [id: string, record: SessionRecord],
): Promise<boolean> {
  const bound = layer.options.maxSessionsPerUser;
  if (bound === Number.POSITIVE_INFINITY) return true;
  // The index may not know of the login itself.
  if (new Set([...(await layer.userSessions(userId)), own[0]]).size <= bound) return true;
  const others = (await listUserSessions(layer, userId)).filter(([id]) => id !== own[0]);
  const logins = [own, ...others].toSorted(newestLoginFirst);
  const beyond = logins.slice(Math.max(bound, logins.indexOf(own)));
  await inGroups(beyond, async ([id, { auth }]) => {
    const outcome = await layer.delete(id, { auth });
    if (outcome.kind === 'deleted') layer.emit({ type: 'revoked', reason: 'too-many-sessions' }, id, userId);
  });
  return !beyond.includes(own);
}

function newestLoginFirst(
  [a, { authenticatedAt: x = 0 }]: readonly [string, SessionRecord],
  [b, { authenticatedAt: y = 0 }]: readonly [string, SessionRecord],
): number {
  return y - x || (a < b ? -1 : 1);
}

/** Lists and ends, until a list shows nothing new: an index learns late of new sessions, and of ended ones. */
async function sweep<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  except: string | undefined,
  end: (ids: readonly string[]) => Promise<void>,
  listed = layer.userSessions(userId),
): Promise<void> {
  const done = new Set([except]);
  for (let round = 1; round <= MOST_ATTEMPTS; round += 1) {
    const ids = (await (round === 1 ? listed : layer.userSessions(userId))).filter((id) => !done.has(id));
    if (ids.length === 0) return;
    await end(ids);
    for (const id of ids) done.add(id);
  }
  throw contended();
}

/** Does something to each, some at a time. */
export async function inGroups<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  while (rest.length > 0) await Promise.all(rest.splice(0, AT_ONCE).map(act));
}
