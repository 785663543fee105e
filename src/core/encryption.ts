import type { Limits } from './persistence-layer.js';

/**
 * What seals the data of sessions. The core knows no cipher: `encryptedData()` of `dynamodb-sessions/encryption` makes
 * one of these.
 */
export interface Encryption {
  /** How many bytes a value takes more when it is sealed; `undefined` if new values are not sealed. */
  readonly overhead: number | undefined;
  /** What seals and opens the data of one session, for one request. */
  sealOf(id: string): DataSeal;
}

/** The seal on the data of one session: a key of its own, which is stored only wrapped for the secret in the cookie. */
export interface DataSeal {
  /**
   * Tells what is stored of the key. It is unwrapped when it is needed, with the secret that `secret` then gives.
   * A key that is known already stays; a new one that is not stored is forgotten.
   */
  learn(wrapped: Uint8Array | undefined, secret: () => Uint8Array | undefined): void;
  /** Whether the key that is stored opens. */
  readonly hasKey: boolean;
  /** The text sealed, with a new key if there is none; as it is if new values are not sealed. Equal texts seal equally. */
  seal(key: string, text: string): string;
  /** @throws any error for what this seal has not sealed under this key of the data */
  open(key: string, sealed: string): string;
  /** The key, wrapped for a secret; `undefined` if there is none and new values are not sealed. */
  wrap(secret: Uint8Array): Uint8Array | undefined;
  /** Tells that the key is stored now. */
  keep(): void;
}

/** Sealed values begin so, and no others: the rest is base64url. */
export const SEALED = 'sealed:';

export const isSealed = (text: string): boolean => text.startsWith(SEALED);

/**
 * A stored value as the codec wrote it.
 *
 * @throws any error if it is sealed and does not open
 */
export function opened(seal: DataSeal | undefined, key: string, stored: string): string {
  if (!isSealed(stored)) return stored;
  if (seal === undefined) throw new Error('It is sealed.');
  return seal.open(key, stored);
}

/** A value as it is to be stored. */
export function sealed(seal: DataSeal | undefined, key: string, text: string): string {
  return seal === undefined ? text : seal.seal(key, text);
}

/** Values as they are to be stored; those that are taken away stay so. */
export function sealedBy<Text extends string | undefined>(
  seal: DataSeal | undefined,
  data: ReadonlyMap<string, Text>,
): ReadonlyMap<string, Text | string> {
  if (seal === undefined) return data;
  return new Map([...data].map(([key, text]) => [key, text === undefined ? text : sealed(seal, key, text)]));
}

/** How many bytes a stored value takes. */
export function sizeOfStored(text: string, limits: Pick<Limits, 'packsSealed'>): number {
  if (limits.packsSealed !== true || !isSealed(text)) return Buffer.byteLength(text);
  return Math.floor(((text.length - SEALED.length) * 3) / 4);
}

/** How many bytes a value will take, as the codec wrote it. */
export function sizeOfNew(text: string, limits: Pick<Limits, 'packsSealed'>, overhead = 0): number {
  const bytes = Buffer.byteLength(text) + overhead;
  return overhead === 0 || limits.packsSealed === true ? bytes : SEALED.length + Math.ceil((bytes * 4) / 3);
}
