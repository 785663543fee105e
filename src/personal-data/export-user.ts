import type { Codec } from '../codec/codec.js';
import { epochSeconds, timestamp } from '../core/clock.js';
import { isSealed } from '../core/encryption.js';
import { GuardedLayer } from '../core/guarded-layer.js';
import { isLive } from '../core/lifetime.js';
import { loggedOutBy } from '../core/marks.js';
import type { Marks, SessionUser, Spared } from '../core/persistence-layer.js';
import { RECORD_ATTRIBUTE_NAMES, type SessionRecord } from '../core/record.js';
import type { Session } from '../core/session.js';
import type { Sessions } from '../core/sessions.js';
import { digestOf } from '../core/token.js';
import { sameUser, userKey } from '../core/user-id.js';
import { inGroups } from '../core/user-sessions.js';
import { refuseBlindLayer } from './blind-layer.js';
import { type Json, plainJson } from './plain-json.js';

/** What is stored of a user. All of it is plain JSON; times are ISO 8601. */
export interface UserExport {
  /** The user ID with its type, as it is stored: `s:user-1`, `n:42`, and `b:42` for a bigint. */
  readonly user: string;
  /** The oldest first, and what cannot be read last. */
  readonly sessions: readonly ExportedSession[];
  /**
   * The user's mark, which ends the sessions with a generation below its own, but for the one that is `spared`; and
   * until when it is kept. One that is `unreadable` ends them all. `issuedBefore` is the time of the user's last logout at
   * an OpenID Connect provider. Absent if there is none.
   */
  readonly mark?: {
    readonly generation: number | 'unreadable';
    readonly spared?: Spared;
    readonly issuedBefore?: string;
    readonly expiresAt?: string;
  };
}

/**
 * A session in {@link UserExport}: all of its attributes, but for the hashes of its secrets, what the next secret is
 * derived from, and the mark of its last writer, which are random bytes. `login` is a hash that names the login at an
 * OpenID Connect provider. `generation` and `epoch` are those of the
 * user's mark, and of everyone's, when the user logged in; `auth` and `fence` are counters.
 */
export interface ExportedSession extends Partial<
  Readonly<
    Record<
      Exclude<
        keyof SessionRecord,
        'secretHash' | 'previousHash' | 'nonce' | 'wrappedKey' | 'formerKey' | 'lastWrite' | 'userId' | 'data'
      >,
      string | number
    >
  >
> {
  readonly id: string;
  /**
   * Of a session that is `unreadable`, because something else has damaged it, or was written by a `newer-version` of
   * this package, nothing else is known. One that is `expired` or `logged-out` is found by no request, and not cleared
   * away yet.
   */
  readonly state: 'live' | 'expired' | 'logged-out' | 'unreadable' | 'newer-version';
  /** By key. */
  readonly data?: { readonly [key: string]: ExportedValue };
}

/**
 * A value of a session's data: decoded, or the text that is stored, if the codec cannot read it. One that is
 * `encrypted` opens with the session's cookie alone: see the option `session`.
 */
export type ExportedValue = { readonly value: Json } | { readonly unreadable: string } | { readonly encrypted: true };

/** The options of {@link exportUser}. */
export interface ExportOptions {
  /** The session of the request in which this is called: its data can be read even if it is encrypted. */
  readonly session?: Pick<Session, 'id' | 'keys' | 'get'>;
}

/**
 * Everything that is stored of a user (GDPR, article 15): each session that the index shows, expired ones too as long as
 * they are not cleared away, with its data decoded, and the user's mark. It holds no secret and no hash of one. A
 * session that began a moment ago may be missing.
 *
 * What a value is decoded to is given as JSON: a `Date` as ISO 8601, a bigint as text, a `Map` as a list of pairs, a
 * `Set` as a list, bytes as base64, an instance of a class of yours by its `toJSON` or its properties.
 * Values that are encrypted are named, and given for the `session` alone whose cookie has come with this request.
 *
 * One read for each session, one for each login at an OpenID Connect provider, and two more. Nothing is written.
 *
 * @throws {@link StoreUnavailableError}; {@link ConfigurationError} if the persistence layer does not know a user's
 * sessions; {@link NotStorableError} for an unusable user ID
 * @example
 * ```ts
 * const text = JSON.stringify(await exportUser(sessions, 'user-1'), null, 2);
 * ```
 */
export async function exportUser<Data extends object, User extends SessionUser>(
  sessions: Sessions<Data, User>,
  userId: User['id'],
  { session }: ExportOptions = {},
): Promise<UserExport> {
  const { options } = sessions;
  refuseBlindLayer(options);
  const unreadable = new Map<string | undefined, 'unreadable' | 'newer-version'>();
  const layer = new GuardedLayer<User>({
    ...options,
    // As if it were long ago, when nothing had expired: what has, and is still stored, is the user's data, too.
    clock: { now: () => Number.MIN_SAFE_INTEGER },
    onEvent: (event) => {
      if (event.type === 'unreadable') unreadable.set(event.session, event.reason);
      else options.onEvent({ ...event, at: new Date(options.clock.now()) });
    },
  });
  const ids = await layer.userSessions(userId);
  const records = new Map<string, SessionRecord | undefined>();
  await inGroups(ids, async (id) => records.set(id, await layer.load(id)));
  const marks = await layer.loadMarks(userId, true);
  const ended = new Set<string>();
  await inGroups([...new Set([...records.values()].map((record) => record?.login))], async (login) => {
    if (login === undefined) return;
    for (const each of (await layer.loadMarks(userId, true, login)).endedLogins ?? []) ended.add(each);
  });

  const sessionAt = ([id, record]: [string, SessionRecord | undefined]): readonly ExportedSession[] => {
    if (record === undefined) {
      const state = unreadable.get(digestOf(id));
      return state === undefined ? [] : [{ id, state }];
    }
    if (record.userId === undefined || !sameUser(record.userId, userId)) return [];
    const state = stateOf(id, record, { ...marks, endedLogins: ended }, epochSeconds(options.clock));
    const data = dataOf(record, options.codec, id === session?.id ? session : undefined);
    return [{ id, state, ...attributesOf(record), data }];
  };
  const exported = [...records].flatMap(sessionAt).toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  return { user: userKey(userId), sessions: exported, ...markIn(marks) };
}

const placeOf = ({ createdAt, id }: ExportedSession): string => `${createdAt} ${id}`;

function stateOf(id: string, record: SessionRecord, marks: Marks, now: number): ExportedSession['state'] {
  if (!isLive(record, now)) return 'expired';
  return loggedOutBy(id, record, marks) === undefined ? 'live' : 'logged-out';
}

function attributesOf(record: SessionRecord): Readonly<Record<string, string | number>> {
  const attributes = RECORD_ATTRIBUTE_NAMES.flatMap((name): [string, string | number][] => {
    const value = record[name];
    // Bytes are hashes, or what a secret is made of.
    if (value === undefined || value instanceof Uint8Array) return [];
    return [[name, typeof value === 'number' && /(At|Until)$/.test(name) ? timestamp(value) : value]];
  });
  return Object.fromEntries(attributes);
}

function dataOf(
  { data }: SessionRecord,
  codec: Codec,
  session: ExportOptions['session'],
): { readonly [key: string]: ExportedValue } {
  return Object.fromEntries(
    [...data].map(([key, text]) => [key, isSealed(text) ? sealedValueOf(key, session) : valueOf(text, codec)]),
  );
}

function sealedValueOf(key: string, session: ExportOptions['session']): ExportedValue {
  const value: unknown = session?.get(key);
  return value === undefined ? { encrypted: true } : { value: plainJson(value) };
}

function valueOf(text: string, codec: Codec): ExportedValue {
  try {
    return { value: plainJson(codec.decode(text)) };
  } catch {
    return { unreadable: text };
  }
}

function markIn({ generation, spared, issuedBefore, expiresAt }: Marks): Pick<UserExport, 'mark'> {
  if (generation === undefined) return {};
  const since = issuedBefore === undefined ? {} : { issuedBefore: timestamp(issuedBefore) };
  const until = expiresAt === undefined ? {} : { expiresAt: timestamp(expiresAt) };
  const ownGeneration = Number.isFinite(generation) ? generation : 'unreadable';
  return { mark: { generation: ownGeneration, ...(spared && { spared }), ...since, ...until } };
}
