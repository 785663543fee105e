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
  #record: SessionRecord;
  #secret: Secret;
  /** `unproven`: others have replaced the request's secret more than once since it began. */
  #standing: 'current' | 'previous' | 'unproven';
  #touchDue: boolean;

  constructor(layer: GuardedLayer<User>, client: Client, { id, record, secret, standing, touchDue }: StartedSession) {
    this.#layer = layer;
    this.#client = client;
    this.#startedAt = layer.now;
    this.id = id;
    this.#record = record;
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
    return new StoredSession(layer, client, { id, record, secret, standing: 'current', touchDue: false });
  }

  get record(): SessionRecord {
    return this.#record;
  }

  /** What tells the client the secret that this request has replaced, or has found replaced. */
  cookie(secret: Secret = this.#secret): CookieAction {
    const maxAge = this.#record.absoluteExpiresAt - this.#layer.now;
    return { kind: 'set', token: formatToken({ id: this.id, secret }), maxAge };
  }

  /** Writes the changes, if they make a difference. */
  async write(changes: Changes): Promise<void> {
    await this.#write(changes, 'none');
  }

  /** Writes what is due of what this request has shown: that the session is in use, and that the new secret was seen. */
  async touch(): Promise<void> {
    await this.#write(new Map(), 'touch');
  }

  /**
   * Writes the changes together with what is due at the end of a request: touch, rotation, and that the new secret
   * was seen. Returns what the response must say of it.
   */
  async finish(changes: Changes): Promise<CookieAction> {
    const written = await this.#write(changes, 'touch and rotation');
    if (written === 'rotated') return this.cookie();
    if (written === 'nothing' && this.#standing === 'previous') await this.#lookAgain();
    const successor = this.#standing === 'previous' ? successorOf(this.#record, this.#secret) : undefined;
    return successor === undefined ? { kind: 'keep' } : this.cookie(successor);
  }

  /** Replaces the secret without grace, together with the changes and perhaps a login. */
  async reissue(changes: Changes, login?: Login): Promise<void> {
    const secret = mintSecret();
    const next = { ...this.#touched(reissue(this.#record, secret, this.#layer.now)), ...login };
    await this.#save(next, changes, { touched: true, rotated: true, userAttached: login !== undefined });
    this.#secret = secret;
    this.#standing = 'current';
    this.#touchDue = false;
  }

  /**
   * One atomic change of one key, tried again for as long as others come between.
   *
   * @param buffered the key's value, where this request has one that is not stored yet
   */
  async replace(
    key: string,
    buffered: Changes,
    change: (before: string | undefined) => string | undefined | Promise<string | undefined>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { lastWrite } = this.#record;
      const after = await change(buffered.has(key) ? buffered.get(key) : this.#record.data.get(key));
      const changes = new Map([[key, after]]);
      if (isNoChange(pending(this.#record, changes))) return;
      if ((await this.#save(this.#record, changes, {}, { lastWrite })) === 'saved') return;
      if (attempt === MOST_ATTEMPTS) throw contended();
      await delay(Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS));
    }
  }

  /**
   * Deletes the session, as long as it is still the one that this request began with.
   *
   * @returns `false` if somebody else has ended it before
   */
  async end(): Promise<boolean> {
    const outcome = await this.#layer.delete(this.id, { auth: this.#record.auth });
    if (outcome.kind === 'refused') throw gone();
    return outcome.kind === 'deleted';
  }

  async #write(
    changes: Changes,
    upkeep: 'none' | 'touch' | 'touch and rotation',
  ): Promise<'nothing' | 'written' | 'rotated'> {
    const touches = upkeep !== 'none';
    const rotates = upkeep === 'touch and rotation';
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

      const withSecrets = rotation?.next ?? (confirmed ? confirm(options, record, now) : record);
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

  /** Takes over what another request has written, and sees where that leaves this request's secret. */
  #adopt(record: SessionRecord): void {
    const standing = standingOf(record, hashSecret(this.#secret), this.#layer.now);
    this.#record = record;
    this.#standing = standing === 'current' || standing === 'previous' ? standing : 'unproven';
    this.#touchDue &&= touchIsDue(this.#layer.options, record, this.#startedAt);
  }

  /** Before a successor is sent without a write: a login may have come between, and its cookie must stay. */
  async #lookAgain(): Promise<void> {
    const current = await this.#layer.load(this.id, true);
    if (current === undefined) this.#standing = 'unproven';
    else this.#adopt(current);
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

const isNoChange = ({ set, removed }: Pick<Update, 'set' | 'removed'>): boolean => set.length + removed.length === 0;

/** An explicit write came too late. */
const gone = (): SessionGoneError =>
  new SessionGoneError(
    'The session was ended, or taken over by a login, after this request had begun; nothing was written.',
  );

const contended = (): StoreUnavailableError =>
  new StoreUnavailableError('Other requests kept changing the session at the same time; nothing was written.', {
    retryable: true,
  });
