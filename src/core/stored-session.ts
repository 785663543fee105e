import { setTimeout as delay } from 'node:timers/promises';
import { type Client, clientChanges } from './client.js';
import type { BindableSession, Binding } from './device-binding.js';
import { type DataSeal, isSealed, opened, sealed, sealedBy } from './encryption.js';
import { contended, gone, NotStorableError } from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { begin, isLive, touch, touchIsDue } from './lifetime.js';
import { NO_CHANGE, type SessionUser, type Update } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { confirm, confirmationIsDue, reissue, rotate, rotationIsDue, standingOf, successorOf } from './rotation.js';
import { sameBytes } from './same-bytes.js';
import type { StartedSession } from './find-session.js';
import { formatToken, hashSecret, mintSecret, mintToken, mintWriteMark, type Secret } from './token.js';

/** What the response must do about the cookie. */
export type CookieAction =
  | { readonly kind: 'keep' }
  /** Send this token, to be kept for `maxAge` seconds. */
  | {
      readonly kind: 'set';
      readonly token: string;
      readonly maxAge: number;
      /** What else the response must say: of a login, the invitation to bind the session to the device. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'clear' };

/** The cookie stays as it is. */
export const KEEP: CookieAction = { kind: 'keep' };

/** Keys of the data with their new value, as the codec wrote it; `undefined` for a key that is taken away. */
export type Changes = ReadonlyMap<string, string | undefined>;

/** What a login adds to a record. */
export type Login = Pick<SessionRecord, 'userId' | 'authenticatedAt' | 'generation' | 'epoch' | 'login' | 'provenAt'>;

/** A binding, and the challenge that the device has answered for it. */
interface Proof {
  readonly binding: Binding;
  readonly challenge: Uint8Array;
}

const MOST_ATTEMPTS = 200;
const LONGEST_WAIT_MS = 200;

/**
 * A stored session as one request knows it, with the secret by which the request proved it: every write that a
 * request can make, each on the condition that the session is still what the request takes it for.
 */
export class StoredSession<User extends SessionUser> implements BindableSession {
  readonly id: string;
  readonly #layer: GuardedLayer<User>;
  readonly #client: Client;
  /** When the request began (seconds): what a touch writes, so that its bound does not depend on the handler. */
  readonly startedAt: number;
  /** The record as this request knows it: as it was read, with what this request has written since. */
  #record: SessionRecord;
  /** Whether others may have changed the record before it was read: then nothing is written before it is read anew. */
  #isStale: boolean;
  /** Whether a write of data has failed that may yet land. */
  #mayLandLate = false;
  #secret: Secret;
  /** `unproven`: others have replaced the request's secret more than once since it began. */
  #standing: 'current' | 'previous' | 'unproven';
  #touchDue: boolean;
  /** Absent without the option `encryption`. */
  readonly #seal: DataSeal | undefined;
  #bound: boolean;
  /** What is to be stored because the bound cookie has been seen, as long as nothing else has been since. */
  #seen: Proof | undefined;
  #cookieOnceBound: CookieAction = KEEP;
  /** What the response to this login must say beside the cookie. */
  #headers: Readonly<Record<string, string>> | undefined;
  /** The end of the last write that this request has begun. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(layer: GuardedLayer<User>, client: Client, started: StartedSession) {
    const { id, record, secret, standing, startedAt, touchDue, bound = false, seen } = started;
    this.#layer = layer;
    this.#client = client;
    this.startedAt = startedAt;
    this.id = id;
    this.#record = record;
    this.#isStale = layer.mayBeStale;
    this.#secret = secret;
    this.#standing = standing;
    this.#touchDue = touchDue;
    this.#seal = started.seal ?? layer.options.encryption?.sealOf(id);
    this.#learnKey();
    this.#bound = bound;
    this.#seen = seen && record.deviceChallenge && { binding: seen, challenge: record.deviceChallenge };
  }

  /** Stores a new session. Should that fail, the next try has a new ID: nobody has heard of this one. */
  static async begin<User extends SessionUser>(
    layer: GuardedLayer<User>,
    client: Client,
    data: ReadonlyMap<string, string>,
    login?: Login,
  ): Promise<StoredSession<User>> {
    const { id, secret } = mintToken();
    const seal = layer.options.encryption?.sealOf(id);
    const sealed = sealedBy(seal, data);
    const wrappedKey = seal?.wrap(secret);
    const invitation = login && layer.options.deviceBinding?.invite(id);
    const record = {
      ...newRecord(layer, client, secret, sealed),
      ...login,
      ...invitation?.binding,
      ...(wrappedKey && { wrappedKey }),
    };
    const outcome = await layer.save(id, record, { kind: 'create' });
    if (outcome.kind !== 'saved') throw contended();
    layer.emit({ type: 'created' }, id, record.userId);
    seal?.keep();
    const startedAt = record.lastSeenAt;
    const started = { id, record, secret, standing: 'current', startedAt, touchDue: false, seal } as const;
    const begun = new StoredSession(layer, client, started);
    begun.#headers = invitation?.headers;
    return begun;
  }

  get record(): SessionRecord {
    return this.#record;
  }

  /** Whether the request has proven the device that the session is bound to. */
  get bound(): boolean {
    return this.#bound;
  }

  /** Whether these changes may make a difference to what is stored. */
  isChangedBy(changes: Changes): boolean {
    return this.#isStale ? changes.size > 0 : !isNoChange(pending(this.#record, this.#sealed(changes)));
  }

  /** A value as it is written. */
  asStored(key: string, text: string | undefined): string | undefined {
    return text === undefined ? text : sealed(this.#seal, key, text);
  }

  /**
   * A stored value as the codec wrote it.
   *
   * @throws any error if it is sealed and does not open
   */
  open(key: string, stored: string): string {
    return opened(this.#seal, key, stored);
  }

  /** The session as another request has left it; `undefined` if it has ended. */
  async asLeft(): Promise<SessionRecord | undefined> {
    return this.#layer.load(this.id);
  }

  /** What tells the client the secret that this request has replaced, or has found replaced. */
  cookie(secret: Secret = this.#secret): CookieAction {
    const maxAge = this.#record.absoluteExpiresAt - this.#layer.now;
    const token = formatToken({ id: this.id, secret });
    return { kind: 'set', token, maxAge, ...(this.#headers && { headers: this.#headers }) };
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
    return this.#inTurn(async () => (await this.#finish(changes)) ?? KEEP);
  }

  /** See {@link BindableSession.bind}. */
  bind(binding: Binding, challenge: Uint8Array): Promise<boolean> {
    return this.#inTurn(async () => {
      const action = await this.#finish(new Map(), { binding, challenge });
      this.#cookieOnceBound = action ?? KEEP;
      return action !== undefined;
    });
  }

  /** What the response must do about the session's own cookie once the session is bound. */
  get cookieOnceBound(): CookieAction {
    return this.#cookieOnceBound;
  }

  async #finish(changes: Changes, proof?: Proof): Promise<CookieAction | undefined> {
    const written = await this.#write(changes, 'touch and rotation', proof);
    if (written === 'other challenge') return undefined;
    if (written === 'rotated') return this.cookie();
    // A login may have come between, and its cookie must stay.
    if (written === 'nothing' && this.#standing === 'previous' && !(await this.#lookAgain())) return KEEP;
    const successor = this.#standing === 'previous' ? successorOf(this.#record, this.#secret) : undefined;
    return successor === undefined ? KEEP : this.cookie(successor);
  }

  /** Replaces the secret without grace, together with the changes and perhaps a login. */
  reissue(changes: Changes, login?: Login): Promise<void> {
    return this.#inTurn(async () => {
      await this.#freshen();
      const secret = mintSecret();
      const invitation = login && this.#layer.options.deviceBinding?.invite(this.id);
      for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
        const sealed = this.#sealed(changes);
        const next = this.#wrapped(reissue(this.#record, secret, this.#layer.now), secret, this.#secret);
        const reissued = { ...next, ...login, ...invitation?.binding };
        // A touch says that the user's mark has been looked at, as it is when a touch is due, and at a login.
        const touched = this.#touchDue || (login !== undefined && this.#record.lastSeenAt <= this.startedAt);
        const record = touched ? this.#touched(reissued) : reissued;
        const bound = invitation !== undefined;
        const groups = { touched, rotated: true, userAttached: login !== undefined, bound };
        const expected = touched ? { lastSeenAt: this.startedAt } : {};
        if ((await this.#save(record, sealed, groups, expected)) === 'conflict') continue;
        this.#secret = secret;
        this.#headers = invitation?.headers;
        this.#bound &&= !bound;
        if (bound) this.#seen = undefined;
        this.#standing = 'current';
        this.#touchDue = false;
        return;
      }
      throw contended();
    });
  }

  /**
   * One atomic change of one key, tried again for as long as others change that key meanwhile. What they do to other
   * keys does not matter.
   *
   * @param kind `take` lets no late copy of an earlier write bring back what it takes away; `update` is compared with
   * what is stored now, not with what was read, before it is said to make no difference
   * @param change is given what is stored, and returns what the codec wrote
   */
  async replace(
    key: string,
    change: (before: string | undefined) => string | undefined | Promise<string | undefined>,
    kind: 'update' | 'take',
  ): Promise<void> {
    await this.#inTurn(() => this.#freshen());
    let isFresh = kind === 'take';
    let before = this.#record.data.get(key);
    let after = await change(before);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      if (this.#record.data.get(key) !== before) {
        if (attempt > 1) await delay(Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS));
        before = this.#record.data.get(key);
        after = await change(before);
      }
      const isDone = await this.#inTurn(async () => {
        if (this.#record.data.get(key) !== before) return false;
        const sealed = this.asStored(key, after);
        if (sealed !== before) {
          // No copy of it, and of nothing written before, may land another time: the value may be the same again.
          const groups = { fenced: true };
          return (
            (await this.#save(this.#record, new Map([[key, sealed]]), groups, { value: [key, before] })) === 'saved'
          );
        }
        if (isFresh) return true;
        if (!(await this.#lookAgain())) throw gone();
        isFresh = true;
        return this.#record.data.get(key) === before;
      });
      if (isDone) return;
    }
    throw contended();
  }

  /**
   * Ends the session, as long as it is still the one that this request began with.
   *
   * @returns `false` if it had ended before: somebody else has ended it, or it had expired
   */
  end(): Promise<boolean> {
    return this.#inTurn(async () => {
      const outcome = await this.#layer.delete(this.id, { auth: this.#record.auth });
      if (outcome.kind === 'refused') throw gone();
      return outcome.kind === 'deleted' && isLive(this.#record, this.#layer.now);
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
    given?: Proof,
  ): Promise<'nothing' | 'written' | 'rotated' | 'other challenge'> {
    const touches = upkeep !== 'none';
    const rotates = upkeep === 'touch and rotation';
    let hasRoom = true;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const { now, options } = this.#layer;
      const record = this.#record;
      const sealed = this.#sealed(changes);
      const touched = touches && this.#touchDue;
      const provesCurrent = touches && this.#standing === 'current' && hasRoom;
      const rotation =
        rotates && provesCurrent && this.#mayRotate && rotationIsDue(options, record, now)
          ? rotate(record, this.#secret, now)
          : undefined;
      const confirmed = provesCurrent && rotation === undefined && confirmationIsDue(record);
      const rotated = rotation !== undefined || confirmed;
      const proof = given ?? (touches && hasRoom ? this.#seen : undefined);
      const isBound = proof !== undefined;
      const isWritten = !isNoChange(pending(record, sealed)) || touched || rotated || isBound;
      if (this.#isStale && (isWritten || changes.size > 0)) {
        await this.#freshen();
        continue;
      }
      if (!isWritten) return 'nothing';
      if (isBound && !sameBytes(record.deviceChallenge, proof.challenge)) {
        if (given !== undefined) return 'other challenge';
        this.#seen = undefined;
        continue;
      }

      // The new secret was seen when the request began, however long it takes.
      const replaced = rotation && this.#wrapped(rotation.next, rotation.successor);
      const withSecrets = replaced ?? (confirmed ? confirm(options, record, this.startedAt) : record);
      const next = { ...(touched ? this.#touched(withSecrets) : withSecrets), ...proof?.binding };
      // A cookie is only sent for a secret that is still the present one when this is written.
      const secretMatters = rotated || (rotates && this.#standing === 'previous');
      const expected = {
        ...(secretMatters && { secretHash: record.secretHash }),
        ...(confirmed && { unconfirmed: true }),
        ...(isBound && { deviceChallenge: proof.challenge }),
        ...(touched && { lastSeenAt: this.startedAt }),
      };
      try {
        if ((await this.#save(next, sealed, { touched, rotated, bound: isBound }, expected)) === 'conflict') continue;
      } catch (error) {
        if (!(error instanceof NotStorableError && (rotated || isBound)) || this.isChangedBy(changes)) throw error;
        // The session is so full that the hash of another secret finds no place. It goes on with the one that it has.
        hasRoom = false;
        continue;
      }
      this.#touchDue &&= !touched;
      if (isBound) this.#seen = undefined;
      if (rotation === undefined) return 'written';
      this.#secret = rotation.successor;
      this.#layer.emit({ type: 'rotated', reason: 'interval' }, this.id, record.userId);
      return 'rotated';
    }
    throw contended();
  }

  /**
   * One conditional write. After a conflict, this request knows the session as others have left it.
   *
   * @param changes as they are to be stored
   */
  async #save(
    next: SessionRecord,
    changes: Changes,
    groups: Partial<Pick<Update, 'touched' | 'rotated' | 'userAttached' | 'bound' | 'fenced'>>,
    expected: Partial<Update['expected']> = {},
  ): Promise<'saved' | 'conflict'> {
    const different = pending(this.#record, changes);
    const writesData = !isNoChange(different);
    const { auth, fence = 0, secretHash } = this.#record;
    // A new key needs a fence: of two that are made at once, one is stored, and no other secret comes without it.
    const lacksKey = (writesData || groups.rotated === true) && this.#seal?.hasKey === false;
    const needsKey = lacksKey && different.set.some((key) => isSealed(changes.get(key) as string));
    const withKey = needsKey && next.secretHash === secretHash ? this.#wrapped(next, this.#presentSecret()) : next;
    const keyed = withKey.wrappedKey !== this.#record.wrappedKey;
    const addsKey = keyed && lacksKey;
    // What replaces the secret without grace is refused another time by that alone, and so is what came before.
    const reissues = next.auth !== auth;
    const fenced = !reissues && (groups.fenced === true || addsKey || (writesData && this.#mayLandLate));
    // A copy of a plain write would be accepted as well: nothing else that it expects has changed by it.
    const isPlain = writesData && !fenced && !reissues && groups.rotated !== true;
    const data = merged(this.#record.data, changes);
    const record = { ...withKey, ...(fenced && { fence: fence + 1 }), data, lastWrite: mintWriteMark() };
    const change = {
      ...NO_CHANGE,
      ...different,
      ...groups,
      ...clientChanges(this.#record, next),
      keyed,
      fenced,
      expected: {
        now: this.#layer.now,
        auth,
        ...expected,
        ...(addsKey && { secretHash }),
        ...((isPlain || fenced || lacksKey) && { fence }),
      },
    };
    const outcome = await this.#layer.save(this.id, record, change).catch((error: unknown) => {
      this.#mayLandLate ||= writesData;
      throw error;
    });
    if (outcome.kind === 'gone') throw gone();
    if (outcome.kind === 'conflict') this.#adopt(outcome.current);
    else {
      this.#mayLandLate = !fenced && !reissues && (this.#mayLandLate || (isPlain && outcome.repeated === true));
      const before = this.#record;
      this.#record = record;
      if (keyed) this.#seal?.keep();
      if (isPlain && this.#mayLandLate)
        await this.#raiseFence().catch((error: unknown) => {
          this.#record = before; // it is not done
          throw error;
        });
    }
    return outcome.kind;
  }

  /**
   * A copy of a write may land late, and undo what has come since: with another fence it is refused. So it is if this
   * write is, for the session has got another fence then, another secret, or its end.
   */
  async #raiseFence(): Promise<void> {
    const { auth, fence = 0 } = this.#record;
    const record = { ...this.#record, fence: fence + 1, lastWrite: mintWriteMark() };
    const change = { ...NO_CHANGE, fenced: true, expected: { now: this.#layer.now, auth, fence } };
    const outcome = await this.#layer.save(this.id, record, change);
    if (outcome.kind === 'saved') this.#record = record;
    else if (outcome.kind === 'conflict') this.#adopt(outcome.current);
    else this.#standing = 'unproven';
    this.#mayLandLate = false;
  }

  /** Reads a record anew that others may have changed before it was read. */
  async #freshen(): Promise<void> {
    if (this.#isStale && !(await this.#lookAgain())) throw gone();
  }

  /** Takes over what another request has written, and sees where that leaves this request's secret. */
  #adopt(record: SessionRecord): void {
    const standing = standingOf(record, hashSecret(this.#secret), this.#layer.now);
    this.#record = record;
    this.#isStale = false;
    this.#standing = standing === 'current' || standing === 'previous' ? standing : 'unproven';
    this.#touchDue &&= touchIsDue(this.#layer.options, record, this.startedAt);
    this.#learnKey();
  }

  /** Where the key of the data is, as this request knows the session now. It stays where it was found before. */
  #learnKey(): void {
    const [secret, standing, record] = [this.#secret, this.#standing, this.#record];
    this.#seal?.learn(record.wrappedKey, () => presentSecret(record, secret, standing));
  }

  /** @throws {@link StoreUnavailableError} if others have replaced it more than once since the request began */
  #presentSecret(): Secret {
    const secret = presentSecret(this.#record, this.#secret, this.#standing);
    if (secret === undefined) throw contended();
    return secret;
  }

  /** Who cannot wrap the key of the data for another secret must not replace the one that opens it. */
  get #mayRotate(): boolean {
    return this.#seal !== undefined || this.#record.wrappedKey === undefined;
  }

  /** The record with the key of its data for this secret, if it has one or gets one. */
  #wrapped(record: SessionRecord, secret: Secret, former?: Secret): SessionRecord {
    if (this.#seal === undefined) return record;
    // A key that this request cannot look for is not replaced: it may be good.
    if (record.wrappedKey !== undefined && !this.#seal.hasKey) this.#presentSecret();
    const wrappedKey = this.#seal.wrap(secret);
    if (wrappedKey === undefined) return record;
    return { ...record, wrappedKey, ...(former && { formerKey: this.#seal.wrap(former) }) };
  }

  /** The changes as they are to be stored. */
  #sealed(changes: Changes): Changes {
    return sealedBy(this.#seal, changes);
  }

  /** Reads what is stored now. Returns whether it is still the session that this request began with. */
  async #lookAgain(): Promise<boolean> {
    const current = await this.#layer.load(this.id);
    if (current?.auth !== this.#record.auth) return false;
    this.#adopt(current);
    return true;
  }

  #touched(record: SessionRecord): SessionRecord {
    // What this request does not know of its client stays as it was.
    const { address = record.address, userAgent = record.userAgent } = this.#client;
    return { ...record, ...touch(this.#layer.options, record, this.startedAt), address, userAgent };
  }
}

/** The secret for which the record has its hash. */
function presentSecret(record: SessionRecord, secret: Secret, standing: string): Secret | undefined {
  if (standing === 'previous') return successorOf(record, secret);
  return standing === 'current' ? secret : undefined;
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
  if (changes.size === 0) return NO_CHANGE;
  const different = [...changes].filter(([key, encoded]) => data.get(key) !== encoded);
  return {
    set: different.filter(([, encoded]) => encoded !== undefined).map(([key]) => key),
    removed: different.filter(([, encoded]) => encoded === undefined).map(([key]) => key),
  };
}

const countOf = ({ set, removed }: Pick<Update, 'set' | 'removed'>): number => set.length + removed.length;
const isNoChange = (changes: Pick<Update, 'set' | 'removed'>): boolean => countOf(changes) === 0;
