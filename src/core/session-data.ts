import { isSealed, SEALED, sizeOfNew, sizeOfStored } from './encryption.js';
import { NotStorableError } from './errors.js';
import type { ResolvedOptions } from './options.js';
import type { SessionUser } from './persistence-layer.js';
import { type Changes, merged, type StoredSession } from './stored-session.js';

const LONGEST_KEY = 1_024; // bytes

type Data = ReadonlyMap<string, string>;

/** The session as it is stored. */
type Stored = Pick<StoredSession<SessionUser>, 'record' | 'asStored'> | undefined;

/** The data of a session as one request sees it: what is stored, with the changes that are not written yet. */
export class SessionData {
  readonly #options: Pick<ResolvedOptions<SessionUser>, 'codec' | 'encryption' | 'persistence'>;
  readonly #stored: () => Stored;
  readonly #changes = new Map<string, string | undefined>();
  /** How many bytes it takes, and how many keys are different from what is stored, for as long as that is stored. */
  #size: { readonly stored: Data | undefined; readonly bytes: number; readonly keys: number } | undefined;

  constructor(
    options: Pick<ResolvedOptions<SessionUser>, 'codec' | 'encryption' | 'persistence'>,
    stored: () => Stored,
  ) {
    this.#options = options;
    this.#stored = stored;
  }

  /** The changes so far. */
  get changes(): Changes {
    return new Map(this.#changes);
  }

  /** All of it. */
  get all(): Map<string, string> {
    return merged(this.#stored()?.record.data, this.#changes);
  }

  get(key: string): string | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#stored()?.record.data.get(key);
  }

  /** The key with its new value, if it has one that is not written yet. */
  changeOf(key: string): Changes {
    return new Map(this.#changes.has(key) ? [[key, this.#changes.get(key)]] : []);
  }

  /** @throws {@link NotStorableError} if there is no room for it; nothing is changed then */
  change(key: string, encoded: string | undefined): void {
    const { limits } = this.#options.persistence;
    if (limits !== undefined) {
      const session = this.#stored();
      const stored = session?.record.data;
      const overhead = this.#options.encryption?.overhead;
      const sizeOf = (name: string, text: string | undefined, isNew = this.#changes.has(name)): number => {
        if (text === undefined) return 0;
        const bytes = isNew ? sizeOfNew(text, limits, overhead) : sizeOfStored(text, limits);
        return limits.keyOverhead + Buffer.byteLength(name) + bytes;
      };
      /** Of a new value. */
      const isOther = (name: string, text: string | undefined): number => {
        const before = stored?.get(name);
        return before === (before === undefined ? text : session?.asStored(name, text)) ? 0 : 1;
      };
      if (this.#size === undefined || this.#size.stored !== stored) {
        const bytes = [...this.all].reduce((sum, [name, text]) => sum + sizeOf(name, text), 0);
        this.#size = { stored, bytes, keys: [...this.#changes].filter((entry) => isOther(...entry)).length };
      }
      const present = this.get(key);
      const bytes = this.#size.bytes + sizeOf(key, encoded, true) - sizeOf(key, present);
      const isChanged = this.#changes.has(key) ? isOther(key, present) : 0;
      const keys = this.#size.keys - isChanged + isOther(key, encoded);
      if (bytes > Math.max(limits.dataBytes, this.#size.bytes))
        throw new NotStorableError(`The data would take ${bytes} bytes; expected at most ${limits.dataBytes}.`);
      if (stored !== undefined && keys > Math.max(limits.changedKeys, this.#size.keys))
        throw new NotStorableError(
          `${keys} keys would be changed at once; expected at most ${limits.changedKeys}: call save() in between.`,
        );
      this.#size = { stored, bytes, keys };
    }
    this.#changes.set(key, encoded);
  }

  /** Changes it whether or not there is room: with what was there already. */
  restore(changes: Changes): void {
    for (const [key, encoded] of changes) this.#changes.set(key, encoded);
    this.#size = undefined;
  }

  /** These are written. What has changed again since is not. */
  forget(changes: Changes): void {
    for (const [key, encoded] of changes) if (this.#changes.get(key) === encoded) this.#changes.delete(key);
    this.#size = undefined;
  }

  /** @throws {@link NotStorableError} for what is no key, or a value that would not come back equal */
  encode(key: string, value: unknown): string {
    if (typeof key !== 'string' || !key.isWellFormed() || Buffer.byteLength(key) > LONGEST_KEY) {
      throw new NotStorableError(`A key of a session's data must be well-formed text of at most ${LONGEST_KEY} bytes.`);
    }
    try {
      const encoded = this.#options.codec.encode(value);
      if (isSealed(encoded)) throw new NotStorableError(`the codec's text begins with "${SEALED}".`);
      return encoded;
    } catch (cause) {
      if (!(cause instanceof NotStorableError)) throw cause;
      const name = JSON.stringify(key);
      throw new NotStorableError(`The value for the key ${name} cannot be stored: ${cause.message}`, { cause });
    }
  }
}
