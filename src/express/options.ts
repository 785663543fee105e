import type { Clock } from '../core/clock.js';
import type { Encryption } from '../core/encryption.js';
import { expectFunctions, refuseUnknown } from '../core/option-checks.js';
import type { SessionEvent } from '../core/events.js';
import type { PersistenceLayer } from '../core/persistence-layer.js';
import type { SessionData } from 'express-session';
import type { UserId } from '../core/user-id.js';
import type { FormerSessions } from './former-sessions.js';

/** The options of `ExpressSessionStore`. All times are whole seconds. */
export interface ExpressSessionStoreOptions {
  /** Where sessions are kept. @defaultValue a `MemoryPersistenceLayer` */
  readonly persistence?: PersistenceLayer;

  /**
   * Where sessions were kept before: `connectDynamoDBTable` or `dynamodbStoreTable` of `dynamodb-sessions/migration`. A
   * session is moved when its cookie comes. Leave the option out again when the last of them has expired.
   */
  readonly migrateFrom?: FormerSessions;

  /**
   * Whose session it is, `undefined` while nobody's; called whenever a session is saved. With it, `store.sessions`
   * lists a user's sessions and ends them.
   *
   * @example (session) => session.passport?.user
   */
  readonly userId?: (session: SessionData) => UserId | null | undefined;

  /** How long a session lives without a request if its cookie has neither `maxAge` nor `expires`. @defaultValue 1 day */
  readonly idleTimeout?: number;
  /** How long a session lives at the most; nothing extends it. At most 400 days. @defaultValue 400 days */
  readonly absoluteTimeout?: number;
  /**
   * How often, at the most, a request writes that it has seen the session. A session may end up to this much early.
   * It is never more than a tenth of the time that the session's cookie has.
   *
   * @defaultValue a tenth of the idle timeout, at most 5 minutes
   */
  readonly touchInterval?: number;
  /** As for `Sessions`. @defaultValue `'touch'` */
  readonly revocationCheck?: 'touch' | 'always' | 'never';

  /**
   * Encrypts the data of sessions, so that only the session ID in the cookie opens it: `encryptedData()` of
   * `dynamodb-sessions/encryption`. Session IDs must be as random as those that the frameworks make.
   *
   * @defaultValue none: the table holds the data as JSON
   */
  readonly encryption?: Encryption;

  /**
   * Told what an audit log or a metric wants to know, as by `Sessions`. Must not throw; is not awaited.
   *
   * @defaultValue writes a `store-failure` to `console.error`, each kind once a minute, and nothing else
   */
  readonly onEvent?: (event: SessionEvent) => void;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
}

const OPTION_NAMES = [
  'persistence',
  'migrateFrom',
  'userId',
  'idleTimeout',
  'absoluteTimeout',
  'touchInterval',
  'revocationCheck',
  'encryption',
  'onEvent',
  'clock',
] as const satisfies readonly (keyof ExpressSessionStoreOptions)[];

/** Refuses what is not an option of the store; those that it hands on to `Sessions` are checked there. */
export function checkOptions(options: ExpressSessionStoreOptions): void {
  refuseUnknown('', options, OPTION_NAMES);
  if (options.userId !== undefined) expectFunctions('', options, ['userId']);
  if (options.migrateFrom !== undefined) expectFunctions('migrateFrom', options.migrateFrom, ['load']);
}
