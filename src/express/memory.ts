import type { DataSeal } from '../core/encryption.js';
import type { SessionRecord } from '../core/record.js';

/** A stored session as a request knows it. */
export interface Known {
  readonly record: SessionRecord;
  /** When the request asked for it, in seconds. */
  readonly seenAt: number;
  /** Its data as JSON has it, as far as it can be read. The record may have it sealed. */
  readonly texts: ReadonlyMap<string, string>;
  /** What seals its data; absent without the option `encryption`. */
  readonly seal: DataSeal | undefined;
}

/**
 * What a session object knows of the session that is stored. The interface of session stores hands over the whole
 * session at every save, and says neither where it comes from nor what of it is new: this does.
 *
 * It is a property of the object. Frameworks copy what `get` answers, property by property, into the session that they
 * give to the application: so there it is inherited and enumerable, which such copies include, and JSON, `Object.keys`
 * and spreads do not.
 */
const PROPERTY = 'dynamodb-sessions';

class Memory {
  readonly #id: string;
  readonly #known: Known;

  constructor(id: string, known: Known) {
    this.#id = id;
    this.#known = known;
  }

  static knownOf(memory: unknown, id: string): Known | undefined {
    return memory instanceof Memory && memory.#id === id ? memory.#known : undefined;
  }

  /** No session is stored, hashed or sent with it. */
  toJSON(): undefined {
    return undefined;
  }
}

/** The stored session as this object last knew it; `undefined` for an object that was never stored under this ID. */
export function recall(session: object, id: string): Known | undefined {
  return Memory.knownOf((session as Record<string, unknown>)[PROPERTY], id);
}

/** From now on the object knows that it is stored, and as what. */
export function remember(session: object, id: string, known: Known): void {
  const value = new Memory(id, known);
  Object.defineProperty(session, PROPERTY, { value, enumerable: false, configurable: true, writable: true });
}

/** An object with these properties that knows that it is stored, and passes that on to its copies. */
export function knowing(properties: object, id: string, known: Known): object {
  const session: object = Object.create({ [PROPERTY]: new Memory(id, known) });
  return Object.assign(session, properties);
}

/** Takes the property out of sight, where a framework has copied it into the session of the application. */
export function hide(session: object): void {
  if (Object.hasOwn(session, PROPERTY)) Object.defineProperty(session, PROPERTY, { enumerable: false });
}
