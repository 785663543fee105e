import { ConfigurationError } from '../core/errors.js';
import { expectOneOf, expectOptions, expectSeconds } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';

/** The options of `deviceBinding`. */
export interface DeviceBindingOptions<User extends SessionUser = SessionUser> {
  /**
   * Where the browser binds sessions and renews their bound cookies: `<path>/register` and `<path>/refresh`. The path as
   * the browser's URL has it, with a stage if there is one. The adapters answer both in front of your handler.
   *
   * @defaultValue `'/.well-known/dynamodb-sessions'`
   */
  readonly path?: string;
  /**
   * How long a bound cookie is good, in seconds: so long a copy of all cookies is worth something. The browser renews it
   * when nine tenths of that are over. Chromium signs about 6 times in 9 minutes, so less than 5 minutes is for tests.
   *
   * @defaultValue 10 minutes
   */
  readonly lifetime?: number;
  /**
   * Whose sessions must be bound: an unbound one of theirs is nobody's from one minute after the login on. Given as a
   * function, it is asked at each request of an unbound session, and the user object is loaded for it.
   *
   * @defaultValue nobody's: browsers that cannot bind go on unbound
   */
  readonly required?: boolean | ((user: User) => boolean);
  /**
   * What to do with a request that lacks the proof of its device: refuse it the session, or only tell, with an event.
   *
   * @defaultValue `'refuse'`
   */
  readonly otherwise?: 'refuse' | 'report';
  /**
   * The site's own origin, as browsers write it: `'https://app.example.com'`. Only if what is in front of the application
   * does not hand on the `Host` that the browser asked for.
   *
   * @defaultValue `https://` and the `Host` of the request
   */
  readonly origin?: string;
}

/** {@link DeviceBindingOptions} with their defaults. */
export interface ResolvedBindingOptions<User extends SessionUser> {
  readonly path: string;
  readonly lifetime: number;
  readonly required: boolean | ((user: User) => boolean);
  readonly otherwise: 'refuse' | 'report';
  readonly origin: string | undefined;
}

const HOUR = 3_600;

/** A path that stands in a structured string, a Set-Cookie and JSON as it is. */
const PATH = /^(?:\/[A-Za-z0-9\-._~]+)+$/;

/** @throws {@link ConfigurationError} for what cannot work */
export function resolveBindingOptions<User extends SessionUser>(
  options: DeviceBindingOptions<User>,
): ResolvedBindingOptions<User> {
  const { required = false } = options;
  expectOptions(options, {
    path: 'a string',
    lifetime: 'a number',
    required: typeof required === 'function' ? 'a function' : 'a boolean',
    otherwise: 'a string',
    origin: 'a string',
  });
  const { path = '/.well-known/dynamodb-sessions', lifetime = 600, otherwise = 'refuse', origin } = options;
  expectSeconds('lifetime', lifetime, 5, HOUR);
  expectOneOf('otherwise', otherwise, ['refuse', 'report']);
  if (!PATH.test(path)) {
    throw new ConfigurationError(
      'Option path is no path; expected one such as "/.well-known/dynamodb-sessions", of letters, digits and -._~, without a slash at its end.',
    );
  }
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw new ConfigurationError(
      'Option origin is no origin; expected one such as "https://app.example.com", in lower case, without a path or a default port.',
    );
  }
  return { path, lifetime, required, otherwise, origin };
}
