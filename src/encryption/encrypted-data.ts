import type { Encryption } from '../core/encryption.js';
import { expectOptions } from '../core/option-checks.js';
import { OVERHEAD } from './data-key.js';
import { SessionSeal } from './session-seal.js';

/** The options of {@link encryptedData}. */
export interface EncryptedDataOptions {
  /**
   * Whether new values are sealed. With `false`, those that are sealed can still be read: for the time before all
   * functions can read them, and for turning encryption off again. @defaultValue true
   */
  readonly seal?: boolean;
}

/**
 * Encrypts the data of sessions, for the option `encryption` of `Sessions`: each session's data with a random key of its
 * own (AES-256-GCM), which is stored only wrapped for the secret in the session's cookie. So neither a copy of the table
 * nor a backup, a stream or an operator can read a value. The names of the keys, the user and the times stay readable.
 *
 * It takes no call more; 70 bytes for each session, and 29 for each value. A session from before gets its key with the
 * next value that is set in it. What has been stored before stays readable, and as it is, until it is set anew.
 *
 * All functions that use the table must have this option, with `seal: false` at least, before the first of them seals.
 *
 * @throws {@link ConfigurationError} for an unknown option
 * @example
 * ```ts
 * const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer(), encryption: encryptedData() });
 * ```
 */
export function encryptedData(options: EncryptedDataOptions = {}): Encryption {
  expectOptions(options, { seal: 'a boolean' });
  const { seal = true } = options;
  return { overhead: seal ? OVERHEAD : undefined, sealOf: (id) => new SessionSeal(id, seal) };
}
