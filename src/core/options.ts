import type { AnomalyPolicy, ClientPolicy } from './client.js';
import { type Clock, systemClock } from './clock.js';
import { type Codec, readableCodec } from '../codec/codec.js';
import type { Encryption } from './encryption.js';
import { expectFunctions, expectOneOf, expectSeconds, expectWholeNumber, refuseUnknown } from './option-checks.js';
import type { DeviceBinding } from './device-binding.js';
import type { SessionEvent } from './events.js';
import type { LifetimePolicy } from './lifetime.js';
import { MemoryPersistenceLayer } from './memory-persistence-layer.js';
import type { PersistenceLayer, SessionUser } from './persistence-layer.js';
import type { RotationPolicy } from './rotation.js';
import { logStoreFailures } from './store-failure-log.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LONGEST_COOKIE = 400 * DAY; // RFC 6265bis, 5.5

/** The options of `Sessions`. All times are whole seconds. */
export interface SessionsOptions<User extends SessionUser = SessionUser> {
  /** Where sessions are kept. @defaultValue a {@link MemoryPersistenceLayer} */
  readonly persistence?: PersistenceLayer<User>;

  /** How long a session lives without a request. @defaultValue 1 day */
  readonly idleTimeout?: number;
  /** How long a session lives at the most; nothing extends it. At most 400 days. @defaultValue 30 days, or the idle timeout if that is longer */
  readonly absoluteTimeout?: number;
  /**
   * How often, at the most, a request writes that it has seen the session. So a session never outlives its idle
   * timeout, and may end up to this much early. @defaultValue a tenth of the idle timeout, at most 5 minutes
   */
  readonly touchInterval?: number;

  /** How old a secret gets before it is replaced; `false`: never by timer. @defaultValue 1 hour */
  readonly rotationInterval?: number | false;
  /**
   * How long the old secret is accepted after the new one has been seen; and how long after a login, a `regenerate` or an
   * end a late request is told from a new visitor. @defaultValue 2 minutes
   */
  readonly rotationGrace?: number;
  /** What to do when a retired secret comes back. @defaultValue `'revoke'`: the session ends */
  readonly reuse?: 'revoke' | 'report';

  /**
   * How many leading bits of the client's address may not change, and what to do when they do.
   * @defaultValue `{ ipv4Bits: 32, ipv6Bits: 64, otherwise: 'ignore' }`
   */
  readonly acceptRemoteIp?: {
    readonly ipv4Bits?: number;
    readonly ipv6Bits?: number;
    readonly otherwise: AnomalyPolicy;
  };
  /** What to do when the client's user agent changes. @defaultValue `{ otherwise: 'ignore' }` */
  readonly acceptChangingUserAgent?: { readonly otherwise: AnomalyPolicy };

  /**
   * When it is checked whether the user, or everyone, has been logged out everywhere since the session's login.
   * `'touch'`: in requests in which a touch is due, so that a session which the index hid from `logOutUser` lives at
   * most one touch interval more. `'always'`: in every request of a logged-in user, for one more read. `'never'`.
   * @defaultValue `'touch'`
   */
  readonly revocationCheck?: 'touch' | 'always' | 'never';
  /** How many devices a user can be signed in on; a login beyond that ends the oldest login. @defaultValue no bound */
  readonly maxSessionsPerUser?: number;

  /**
   * Binds the sessions of users who log in to their devices, where the browser can: `deviceBinding()` of
   * `dynamodb-sessions/dbsc`. @defaultValue sessions are bound to no device
   */
  readonly deviceBinding?: DeviceBinding<User>;

  /** How the values of a session's data become text. @defaultValue plain JSON where that is exact, marked text where it is not */
  readonly codec?: Codec;
  /** What encrypts the data: `encryptedData()` of `dynamodb-sessions/encryption`. @defaultValue nothing does */
  readonly encryption?: Encryption;
  /**
   * Told of everything that an audit log or a metric wants to know. Must not throw; is not awaited.
   *
   * @defaultValue writes a `store-failure` to `console.error`, each kind once a minute, and nothing else
   */
  readonly onEvent?: (event: SessionEvent<User>) => void;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
}

/** {@link SessionsOptions} with every default applied. */
export interface ResolvedOptions<User extends SessionUser> extends LifetimePolicy, RotationPolicy, ClientPolicy {
  readonly persistence: PersistenceLayer<User>;
  readonly reuse: 'revoke' | 'report';
  readonly revocationCheck: 'touch' | 'always' | 'never';
  readonly maxSessionsPerUser: number;
  readonly deviceBinding: DeviceBinding<User> | undefined;
  readonly codec: Codec;
  readonly encryption: Encryption | undefined;
  onEvent(this: void, event: SessionEvent<User>): void;
  readonly clock: Clock;
  /** Whether what `get` returns is frozen: in development, where a mistake may throw, and the time does not count. */
  readonly freezesValues: boolean;
}

/**
 * Timeouts for the authenticator assurance levels of NIST SP 800-63B-4 (reauthentication, sections 2.1.3, 2.2.3, 2.3.3).
 *
 * @example new Sessions({ ...NIST_AAL2, persistence })
 */
export const NIST_AAL1: { readonly idleTimeout: number; readonly absoluteTimeout: number } = {
  idleTimeout: 30 * DAY,
  absoluteTimeout: 30 * DAY,
};
/** See {@link NIST_AAL1}. */
export const NIST_AAL2: { readonly idleTimeout: number; readonly absoluteTimeout: number } = {
  idleTimeout: HOUR,
  absoluteTimeout: DAY,
};
/** See {@link NIST_AAL1}. */
export const NIST_AAL3: { readonly idleTimeout: number; readonly absoluteTimeout: number } = {
  idleTimeout: 15 * MINUTE,
  absoluteTimeout: 12 * HOUR,
};

/** What stands for an option that is not given, where a bundle should not have it otherwise. */
export interface Defaults {
  persistence<User extends SessionUser>(): PersistenceLayer<User>;
  readonly codec: Codec;
}

/** The defaults of `Sessions`. */
export const DEFAULTS: Defaults = { persistence: () => new MemoryPersistenceLayer(), codec: readableCodec };

/** Applies all defaults and refuses what cannot work. */
export function resolveOptions<User extends SessionUser>(options: SessionsOptions<User>): ResolvedOptions<User> {
  return resolveBareOptions(options, DEFAULTS);
}

/** Without defaults, refuses options that lack a persistence layer or a codec. */
export function resolveBareOptions<User extends SessionUser>(
  options: SessionsOptions<User>,
  defaults?: Defaults,
): ResolvedOptions<User> {
  refuseUnknown('', options, OPTION_NAMES);
  const { acceptRemoteIp = { otherwise: 'ignore' }, acceptChangingUserAgent = { otherwise: 'ignore' } } = options;
  refuseUnknown('acceptRemoteIp.', acceptRemoteIp, ['ipv4Bits', 'ipv6Bits', 'otherwise']);
  refuseUnknown('acceptChangingUserAgent.', acceptChangingUserAgent, ['otherwise']);

  const idleTimeout = options.idleTimeout ?? DAY;
  expectSeconds('idleTimeout', idleTimeout, 1, LONGEST_COOKIE);
  const resolved: ResolvedOptions<User> = {
    persistence: (options.persistence === undefined
      ? defaults?.persistence<User>()
      : options.persistence) as PersistenceLayer<User>,
    idleTimeout,
    absoluteTimeout: options.absoluteTimeout ?? Math.max(30 * DAY, idleTimeout),
    touchInterval: options.touchInterval ?? Math.min(5 * MINUTE, Math.floor(idleTimeout / 10)),
    rotationInterval: options.rotationInterval ?? HOUR,
    rotationGrace: options.rotationGrace ?? 2 * MINUTE,
    reuse: options.reuse ?? 'revoke',
    acceptRemoteIp: {
      ...acceptRemoteIp,
      ipv4Bits: acceptRemoteIp.ipv4Bits ?? 32,
      ipv6Bits: acceptRemoteIp.ipv6Bits ?? 64,
    },
    acceptChangingUserAgent,
    revocationCheck: options.revocationCheck ?? 'touch',
    maxSessionsPerUser: options.maxSessionsPerUser ?? Number.POSITIVE_INFINITY,
    deviceBinding: options.deviceBinding,
    codec: options.codec ?? (defaults?.codec as Codec),
    encryption: options.encryption,
    onEvent: options.onEvent ?? logStoreFailures(),
    clock: options.clock ?? systemClock,
    freezesValues: process.env['NODE_ENV'] !== 'production' && process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined,
  };

  const { rotationInterval, maxSessionsPerUser } = resolved;
  expectSeconds('absoluteTimeout', resolved.absoluteTimeout, idleTimeout, LONGEST_COOKIE);
  expectSeconds('touchInterval', resolved.touchInterval, 0, idleTimeout - 1);
  if (rotationInterval !== false) expectSeconds('rotationInterval', rotationInterval, 0, LONGEST_COOKIE);
  expectSeconds('rotationGrace', resolved.rotationGrace, 0, LONGEST_COOKIE);
  expectOneOf('reuse', resolved.reuse, ['revoke', 'report']);
  expectWholeNumber('acceptRemoteIp.ipv4Bits', resolved.acceptRemoteIp.ipv4Bits, 0, 32);
  expectWholeNumber('acceptRemoteIp.ipv6Bits', resolved.acceptRemoteIp.ipv6Bits, 0, 64);
  expectOneOf('acceptRemoteIp.otherwise', acceptRemoteIp.otherwise, ANOMALY_POLICIES);
  expectOneOf('acceptChangingUserAgent.otherwise', acceptChangingUserAgent.otherwise, ANOMALY_POLICIES);
  expectOneOf('revocationCheck', resolved.revocationCheck, ['touch', 'always', 'never']);
  if (options.maxSessionsPerUser !== undefined) expectWholeNumber('maxSessionsPerUser', maxSessionsPerUser, 1, 10_000);
  expectFunctions('persistence', resolved.persistence, SIX_FUNCTIONS);
  if (options.deviceBinding !== undefined) expectFunctions('deviceBinding', options.deviceBinding, BINDING_FUNCTIONS);
  expectFunctions('codec', resolved.codec, ['encode', 'decode']);
  if (options.encryption !== undefined) expectFunctions('encryption', options.encryption, ['sealOf']);
  expectFunctions('clock', resolved.clock, ['now']);
  expectFunctions('', resolved, ['onEvent']);
  return resolved;
}

const OPTION_NAMES =
  'persistence idleTimeout absoluteTimeout touchInterval rotationInterval rotationGrace reuse acceptRemoteIp acceptChangingUserAgent revocationCheck maxSessionsPerUser deviceBinding codec encryption onEvent clock'.split(
    ' ',
  );

const ANOMALY_POLICIES: readonly AnomalyPolicy[] = ['ignore', 'report', 'destroy'];

const BINDING_FUNCTIONS = ['invite', 'check', 'answer'];

const SIX_FUNCTIONS = 'loadSession saveSession deleteSession userSessions loadUser roleHierarchy'.split(' ');
