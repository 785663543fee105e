import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync, randomBytes } from 'node:crypto';
import { SEALED } from '../core/encryption.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The layout of a sealed value: this byte, the nonce, the encrypted text, the tag. */
const VERSION = 1;

/** How many bytes a sealed value takes more than its text. */
export const OVERHEAD: number = 1 + NONCE_BYTES + TAG_BYTES;

/** The key of one session's data. It is the same for as long as the session lives. */
export class DataKey {
  readonly #id: string;
  readonly #key: Uint8Array;
  readonly #encryptionKey: Uint8Array;
  readonly #nonceKey: Uint8Array;

  private constructor(id: string, key: Uint8Array) {
    this.#id = id;
    this.#key = key;
    this.#encryptionKey = derive(key, 'dynamodb-sessions/encryption');
    this.#nonceKey = derive(key, 'dynamodb-sessions/nonces');
  }

  /** A key that nobody has had before. */
  static mint(id: string): DataKey {
    return new DataKey(id, randomBytes(KEY_BYTES));
  }

  /** `undefined` for what is not this session's key, wrapped for this secret. */
  static unwrap(id: string, wrapped: Uint8Array, secret: Uint8Array): DataKey | undefined {
    try {
      const key = decrypt(wrappingKey(id, secret), wrapped, id);
      return key.length === KEY_BYTES ? new DataKey(id, key) : undefined;
    } catch {
      return undefined;
    }
  }

  /** For a secret that proves the session. Without it, what is returned is worth nothing. */
  wrap(secret: Uint8Array): Uint8Array {
    return new Uint8Array(encrypt(wrappingKey(this.#id, secret), randomBytes(NONCE_BYTES), this.#key, this.#id));
  }

  /**
   * The nonce is made of the text, so that equal texts under one name seal equally: what is not changed is not written,
   * and what is stored can be compared. Two texts with the same nonce would take 2^48 values in one session.
   */
  seal(name: string, text: string): string {
    const bound = this.#bound(name);
    const nonce = createHmac('sha256', this.#nonceKey)
      .update(`${bound.length} ${bound}${text}`)
      .digest()
      .subarray(0, NONCE_BYTES);
    const sealed = encrypt(this.#encryptionKey, nonce, Buffer.from(text), bound);
    return SEALED + Buffer.concat([Buffer.of(VERSION), sealed]).toString('base64url');
  }

  /** @throws for what {@link seal} has not made of a text under this name */
  open(name: string, sealed: string): string {
    const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64url');
    if (bytes[0] !== VERSION) throw new Error('This is no sealed value of a known version.');
    return decrypt(this.#encryptionKey, bytes.subarray(1), this.#bound(name)).toString();
  }

  /** What a sealed value is bound to. An ID holds no space, so no two are alike. */
  #bound(name: string): string {
    return `${VERSION} ${this.#id} ${name}`;
  }
}

/**
 * The one-step key derivation of NIST SP 800-56C, 4.1, with SHA-256: enough for a key that is random, and at each page
 * view a good deal faster than HKDF.
 */
function derive(key: Uint8Array, purpose: string): Uint8Array {
  return hash('sha256', Buffer.concat([Buffer.of(0, 0, 0, 1), key, Buffer.from(purpose)]), 'buffer');
}

function wrappingKey(id: string, secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, id, 'dynamodb-sessions/data-key', KEY_BYTES));
}

function encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, bound: string): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(bound));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, bytes: Uint8Array, bound: string): Buffer {
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(bound))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
