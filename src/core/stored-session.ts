import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.js';
import { SessionGoneError, StoreUnavailableError } from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { begin, touch, touchIsDue } from './lifetime.js';
import type { SessionChange, SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { confirm, confirmationIsDue, reissue, rotate, rotationIsDue, standingOf, successorOf } from './rotation.js';
import type { StartedSession } from './starting.js';
import { formatToken, hashSecret, mintSecret, mintToken, mintWriteMark, type Secret } from './token.js';

/** What the response must do about the cookie. */
export type CookieAction =
  | { readonly kind: 'keep' }
  /** Send this token, to be kept for `maxAge` seconds. */
  | { readonly kind: 'set'; readonly token: string; readonly maxAge: number }
  | { readonly kind: 'clear' };

/** The cookie stays as it is. */
export const KEEP: CookieAction = { kind: 'keep' };

/** Keys of the data with their new value, as the codec wrote it; `undefined` for a key that is taken away. */
export type Changes = ReadonlyMap<string, string | undefined>;

/** What a login adds to a record. */
export type Login = Pick<SessionRecord, 'userId' | 'authenticatedAt' | 'generation' | 'epoch'>;

type Update = Extract<SessionChange, { kind: 'update' }>;

const MOST_ATTEMPTS = 30;
const LONGEST_WAIT_MS = 200;

/**
 * A stored session as one request knows it, with the secret by which the request proved it: every write that a
 * request can make, each on the condition that the session is still what the request takes it for.
 */
export class StoredSession<User extends SessionUser> {
  readonly id: string;
  readonly #layer: GuardedLayer<User>;
  readonly #client: Client;
  /** When the request began (seconds): what a touch writes, so that its bound does not depend on the handler. */
  readonly #startedAt: number;
  /** The record as this request knows it: as it was read, with what this request has written since. */
  #record: SessionRecord;
  /** Whether others may have changed the record before it was read. */
  #isStale: boolean;
  #secret: Secret;
  /** `unproven`: others have replaced the request's secret more than once since it began. */
  #standing: 'current' | 'previous' | 'unproven';
  #touchDue: boolean;
  /** The end of the last write that this request has begun. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(layer: GuardedLayer<User>, client: Client, started: StartedSession) {
    const { id, record, secret, standing, startedAt, touchDue } = started;
    this.#layer = layer;
    this.#client = client;
    this.#startedAt = startedAt;
    this.id = id;
    this.#record = record;
    this.#isStale = layer.mayBeStale;
    this.#secret = secret;
    this.#standing = standing;
    this.#touchDue = touchDue;
  }

  /** Stores a new session. Should that fail, the next try has a new ID: nobody has heard of this one. */
  static async begin<User extends SessionUser>(
    layer: GuardedLayer<User>,
    client: Client,
    data: ReadonlyMap<string, string>,
    login?: Login,
  ): Promise<StoredSession<User>> {
    const { id, secret } = mintToken();
    const record = { ...newRecord(layer, client, secret, data), ...login };
    const outcome = await layer.save(id, record, { kind: 'create' });
    if (outcome.kind !== 'saved') throw contended();
    layer.emit({ type: 'created' }, id, record.userId);
    const startedAt = record.lastSeenAt;
    return new StoredSession(layer, client, { id, record, secret, standing: 'current', startedAt, touchDue: false });
  }

  get record(): SessionRecord {
    return this.#record;
  }

  /** Whether these changes may make a difference to what is stored. */
  isChangedBy(changes: Changes): boolean {
    return this.#isStale ? changes.size > 0 : !isNoChange(pending(this.#record, changes));
  }

  /** What tells the client the secret that this request has replaced, or has found replaced. */
  cookie(secret: Secret = this.#secret): CookieAction {
    const maxAge = this.#record.absoluteExpiresAt - this.#layer.now;
    return { kind: 'set', token: formatToken({ id: this.id, secret }), maxAge };
  }

  /** Writes the changes, if they make a difference. */
  async write(changes: Changes): Promise<void> {
    await this.#inTurn(() => this.#write(changes, 'none'));
  }

  /** Writes what is due of what this request has shown: that the session is in use, and that the new secret was seen. */
  async touch(): Promise<void> {
    await this.#inTurn(() => this.#write(new Map(), 'touch'));
  }

  /**
   * Writes the changes together with what is due at the end of a request: touch, rotation, and that the new secret
   * was seen. Returns what the response must say of it.
   */
  finish(changes: Changes): Promise<CookieAction> {
    return this.#inTurn(async () => {
      const written = await this.#write(changes, 'touch and rotation');
      if (written === 'rotated') return this.cookie();
      // A login may have come between, and its cookie must stay.
      if (written === 'nothing' && this.#standing === 'previous' && !(await this.#lookAgain())) return KEEP;
      const successor = this.#standing === 'previous' ? successorOf(this.#record, this.#secret) : undefined;
      return successor === undefined ? KEEP : this.cookie(successor);
    });
  }

  /** Replaces the secret without grace, together with the changes and perhaps a login. */
  reissue(changes: Changes, login?: Login): Promise<void> {
    return this.#inTurn(async () => {
      await this.#compareAnew(changes);
      const secret = mintSecret();
      const reissued = reissue(this.#record, secret, this.#layer.now);
      // A touch says that the user's mark has been looked at, as it is when a touch is due, and at a login.
      const touched = this.#touchDue || login !== undefined;
      const next = { ...(touched ? this.#touched(reissued) : reissued), ...login };
      await this.#save(next, changes, { touched, rotated: true, userAttached: login !== undefined });
      this.#secret = secret;
      this.#standing = 'current';
      this.#touchDue = false;
    });
  }

  /**
   * One atomic change of one key, tried again for as long as others come between.
   *
   * @param buffered the key's value, where this request has one that is not stored yet
   * @param mustBeFresh whether a change that makes no difference is made to what is stored now, not to what was read
   */
  async replace(
    key: string,
    buffered: Changes,
    change: (before: string | undefined) => string | undefined | Promise<string | undefined>,
    mustBeFresh: boolean,
  ): Promise<void> {
    let isFresh = !mustBeFresh && !this.#isStale;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const before = this.#record;
      const after = await change(buffered.has(key) ? buffered.get(key) : before.data.get(key));
      const changes = new Map([[key, after]]);
      const isDone = await this.#inTurn(async () => {
        if (this.#record !== before) return false;
        if (!isNoChange(pending(before, changes)))
          return (await this.#save(before, changes, {}, { lastWrite: before.lastWrite })) === 'saved';
        if (isFresh) return true;
        if (!(await this.#lookAgain())) throw gone();
        isFresh = true;
        return this.#record.data.get(key) === before.data.get(key);
      });
      if (isDone) return;
      await delay(Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS));
    }
    throw contended();
  }

  /**
   * Deletes the session, as long as it is still the one that this request began with.
   *
   * @returns `false` if somebody else has ended it before
   */
  end(): Promise<boolean> {
    return this.#inTurn(async () => {
      const outcome = await this.#layer.delete(this.id, { auth: this.#record.auth });
      if (outcome.kind === 'refused') throw gone();
      return outcome.kind === 'deleted';
    });
  }

  /** One write at a time: each goes from what the one before has left. */
  #inTurn<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(write);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #write(
    changes: Changes,
    upkeep: 'none' | 'touch' | 'touch and rotation',
  ): Promise<'nothing' | 'written' | 'rotated'> {
    const touches = upkeep !== 'none';
    const rotates = upkeep === 'touch and rotation';
    await this.#compareAnew(changes);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const { now, options } = this.#layer;
      const record = this.#record;
      const touched = touches && this.#touchDue;
      const provesCurrent = touches && this.#standing === 'current';
      const rotation =
        rotates && provesCurrent && rotationIsDue(options, record, now) ? rotate(record, this.#secret, now) : undefined;
      const confirmed = provesCurrent && rotation === undefined && confirmationIsDue(record);
      const rotated = rotation !== undefined || confirmed;
      if (isNoChange(pending(record, changes)) && !touched && !rotated) return 'nothing';

      // The new secret was seen when the request began, however long it takes.
      const withSecrets = rotation?.next ?? (confirmed ? confirm(options, record, this.#startedAt) : record);
      const next = touched ? this.#touched(withSecrets) : withSecrets;
      // A cookie is only sent for a secret that is still the present one when this is written.
      const secretMatters = rotated || (rotates && this.#standing === 'previous');
      const expected = secretMatters ? { secretHash: record.secretHash } : {};
      if ((await this.#save(next, changes, { touched, rotated }, expected)) === 'conflict') continue;

      this.#touchDue &&= !touched;
      if (rotation === undefined) return 'written';
      this.#secret = rotation.successor;
      this.#layer.emit({ type: 'rotated', reason: 'interval' }, this.id, record.userId);
      return 'rotated';
    }
    throw contended();
  }

  /** One conditional write. After a conflict, this request knows the session as others have left it. */
  async #save(
    next: SessionRecord,
    changes: Changes,
    groups: Partial<Pick<Update, 'touched' | 'rotated' | 'userAttached'>>,
    expected: Partial<Update['expected']> = {},
  ): Promise<'saved' | 'conflict'> {
    const record = { ...next, data: merged(this.#record.data, changes), lastWrite: mintWriteMark() };
    const outcome = await this.#layer.save(this.id, record, {
      kind: 'update',
      touched: false,
      rotated: false,
      userAttached: false,
      ...pending(this.#record, changes),
      ...groups,
      expected: { now: this.#layer.now, auth: this.#record.auth, ...expected },
    });
    if (outcome.kind === 'gone') throw gone();
    if (outcome.kind === 'conflict') this.#adopt(outcome.current);
    // Others may have written since the data was read, unless the condition was that nobody had: so only then does the
    // data belong to this write's mark, and otherwise to the one that it was read with.
    else this.#record = expected.lastWrite === undefined ? { ...record, lastWrite: this.#record.lastWrite } : record;
    return outcome.kind;
  }

  /** What makes no difference to what was read may make one to what is stored. */
  async #compareAnew(changes: Changes): Promise<void> {
    if (!this.#isStale || countOf(pending(this.#record, changes)) === changes.size) return;
    if (!(await this.#lookAgain())) throw gone();
  }

  /** Takes over what another request has written, and sees where that leaves this request's secret. */
  #adopt(record: SessionRecord): void {
    const standing = standingOf(record, hashSecret(this.#secret), this.#layer.now);
    this.#record = record;
    this.#isStale = false;
    this.#standing = standing === 'current' || standing === 'previous' ? standing : 'unproven';
    this.#touchDue &&= touchIsDue(this.#layer.options, record, this.#startedAt);
  }

  /** Reads what is stored now. Returns whether it is still the session that this request began with. */
  async #lookAgain(): Promise<boolean> {
    const current = await this.#layer.load(this.id, true);
    if (current?.auth !== this.#record.auth) return false;
    this.#adopt(current);
    return true;
  }

  #touched(record: SessionRecord): SessionRecord {
    return { ...record, ...touch(this.#layer.options, record, this.#startedAt), ...this.#client };
  }
}

/** The record of a session that begins now. */
function newRecord<User extends SessionUser>(
  layer: GuardedLayer<User>,
  client: Client,
  secret: Secret,
  data: ReadonlyMap<string, string>,
): SessionRecord {
  const { now, options } = layer;
  return {
    ...begin(options, now),
    ...client,
    secretHash: hashSecret(secret),
    rotatedAt: now,
    auth: 0,
    lastWrite: mintWriteMark(),
    data,
  };
}

/** Data with changes made to it: a map of the caller's own. */
export function merged(data: ReadonlyMap<string, string> | undefined, changes: Changes): Map<string, string> {
  const result = new Map(data);
  for (const [key, encoded] of changes) {
    if (encoded === undefined) result.delete(key);
    else result.set(key, encoded);
  }
  return result;
}

/** The changes that make a difference to what is stored. */
function pending({ data }: SessionRecord, changes: Changes): Pick<Update, 'set' | 'removed'> {
  const different = [...changes].filter(([key, encoded]) => data.get(key) !== encoded);
  return {
    set: different.filter(([, encoded]) => encoded !== undefined).map(([key]) => key),
    removed: different.filter(([, encoded]) => encoded === undefined).map(([key]) => key),
  };
}

const countOf = ({ set, removed }: Pick<Update, 'set' | 'removed'>): number => set.length + removed.length;
const isNoChange = (changes: Pick<Update, 'set' | 'removed'>): boolean => countOf(changes) === 0;

/** An explicit write came too late. */
const gone = (): SessionGoneError =>
  new SessionGoneError(
    'The session was ended, or taken over by a login, after this request had begun; nothing was written.',
  );

const contended = (): StoreUnavailableError =>
  new StoreUnavailableError('Other requests kept changing the session at the same time; nothing was written.', {
    retryable: true,
  });
