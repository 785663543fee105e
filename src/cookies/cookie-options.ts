import { ConfigurationError } from '../core/errors.js';
import { expectBoolean, expectOneOf, refuseUnknown, unexpected } from '../core/option-checks.js';

/**
 * When a browser sends the cookie along with a request that another site caused (RFC 6265bis §4.1.2.7).
 *
 * - `Lax`: only when the user navigates here with a safe method, by a link for instance.
 * - `Strict`: never, so a user who follows a link from elsewhere arrives logged out.
 * - `None`: always. Needed inside other sites' frames; leaves all defence against CSRF to you.
 */
export type SameSite = 'Lax' | 'Strict' | 'None';

/**
 * How the session cookie is named, and where browsers send it. All of it is optional, and the default is
 * bound to one host and to TLS: `__Host-id=…; Path=/; Secure; HttpOnly; SameSite=Lax`.
 *
 * Combinations that a browser would refuse throw a {@link ConfigurationError} when they are given, before any request.
 *
 * There is no `httpOnly` option: no script has business with a session's token, so `HttpOnly` is always set.
 * There is no `maxAge` option either: the cookie lives as long as the session may.
 *
 * @example
 * ```ts
 * const strict: CookieOptions = {};
 * const forSubdomains: CookieOptions = { name: '__Secure-id', domain: 'example.com' };
 * const insideFrames: CookieOptions = { sameSite: 'None', partitioned: true };
 * const plainHttpOnMyMachine: CookieOptions = isProduction ? {} : { name: 'id', secure: false };
 * ```
 */
export interface CookieOptions {
  /**
   * An RFC 9110 token, at most 1,024 characters. What it begins with is a promise that browsers keep
   * (RFC 6265bis §4.1.3, and draft-ietf-httpbis-layered-cookies for the last two):
   *
   * - `__Host-`: secure, no `domain`, `path` is `/`.
   * - `__Secure-`: secure.
   * - `__Http-`: secure, and set by a response, never by a script.
   * - `__Host-Http-`: both of `__Host-` and `__Http-`. To browsers that do not know it yet, a `__Host-` name.
   *
   * @defaultValue `'__Host-id'`
   */
  readonly name?: string | undefined;
  /**
   * The cookie is sent to this path and what is below it. It is not a boundary: a page elsewhere on the same host
   * can reach it all the same. Letters, digits and `-._~!$&'()*+=:@%/`, at most 1,024 characters.
   *
   * @defaultValue `'/'`
   */
  readonly path?: string | undefined;
  /**
   * Send the cookie to this domain and all its subdomains, instead of to one host. Each of them can then read
   * and plant it. ASCII (an international name in its `xn--` form), no leading dot.
   *
   * @defaultValue none: the host that set the cookie, and no other
   */
  readonly domain?: string | undefined;
  /**
   * `false` only for development over plain http, and only with an unprefixed name. Most browsers accept secure
   * cookies from `http://localhost`, so it is seldom needed.
   *
   * @defaultValue `true`
   */
  readonly secure?: boolean | undefined;
  /**
   * Whether requests caused by other sites carry the cookie.
   *
   * @defaultValue `'Lax'`
   */
  readonly sameSite?: SameSite | undefined;
  /**
   * Keep a separate cookie for each site that embeds this one (CHIPS). In a cross-site frame it takes effect
   * together with `sameSite: 'None'`.
   *
   * @defaultValue `false`
   */
  readonly partitioned?: boolean | undefined;
}

/** {@link CookieOptions} with its defaults, checked. */
export interface CheckedCookieOptions {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly secure: boolean;
  readonly sameSite: SameSite;
  readonly partitioned: boolean;
}

const OPTIONS = ['name', 'path', 'domain', 'secure', 'sameSite', 'partitioned'];

// All three admit ASCII only, so a length is a number of octets.
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,1024}$/;
// RFC 3986's path without ";", which ends an attribute, and ",", at which folded Set-Cookie headers get split.
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+=:@%/]{0,1023}$/;
// RFC 1123 §2.1: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all.
const HOST_NAME = /^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.(?!$)|$))+$/;

/**
 * Applies the defaults and refuses everything that a browser would refuse or that would say more in a
 * `Set-Cookie` header than was meant.
 *
 * @throws {@link ConfigurationError} naming the option, the kind of value it had, and what was expected.
 */
export function checkCookieOptions(options: CookieOptions): CheckedCookieOptions {
  refuseUnknown('cookie.', options, OPTIONS, ' HttpOnly is always set, and Max-Age follows the session.');
  // A copy: every getter runs once, and a polluted Object.prototype adds nothing.
  const given: Readonly<Record<string, unknown>> = { __proto__: null, ...options };
  const { name = '__Host-id', path = '/', domain, secure = true, sameSite = 'Lax', partitioned = false } = given;

  expectText('name', name, TOKEN, "1 to 1,024 characters out of letters, digits and !#$%&'*+-.^_`|~");
  expectText('path', path, PATH, 'an absolute path of at most 1,024 characters, percent-encoded, without ";" and ","');
  if (domain !== undefined)
    expectText('domain', domain, HOST_NAME, 'a host name in ASCII ("xn--…" if international) without a leading dot');
  expectBoolean('cookie.secure', secure);
  expectOneOf('cookie.sameSite', sameSite, ['Lax', 'Strict', 'None']);
  expectBoolean('cookie.partitioned', partitioned);

  // RFC 6265bis §5.4: browsers hold a name to its prefix however it is capitalised. "__Host-Http-" is a "__Host-".
  const prefix = /^__(?:host|secure|http)-/i.exec(name)?.[0];
  const prefixed = `a "${prefix}" name (the default is "__Host-id")`;
  if (prefix?.toLowerCase() === '__host-') {
    if (domain !== undefined) throw clash('domain', 'absent', prefixed, '__Secure-id');
    if (path !== '/') throw clash('path', '"/"', prefixed, '__Secure-id');
  }
  if (!secure) {
    if (prefix !== undefined) throw clash('secure', 'true', prefixed, 'id');
    if (sameSite === 'None') throw clash('secure', 'true', 'sameSite "None"');
    if (partitioned) throw clash('secure', 'true', 'partitioned');
  }
  return { name, path, domain, secure, sameSite, partitioned };
}

function expectText(option: string, value: unknown, pattern: RegExp, expected: string): asserts value is string {
  if (typeof value !== 'string' || !pattern.test(value)) throw unexpected(`cookie.${option}`, value, expected);
}

function clash(option: string, expected: string, cause: string, possibleName?: string): ConfigurationError {
  const remedy = possibleName === undefined ? '' : ` Or choose a name such as "${possibleName}".`;
  return new ConfigurationError(
    `Option cookie.${option} must be ${expected} with ${cause}: browsers refuse it otherwise.${remedy}`,
  );
}
