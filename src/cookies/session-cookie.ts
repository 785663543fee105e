import { ConfigurationError } from '../core/errors.js';
import type { CookieAction } from '../core/stored-session.js';
import { type CookieOptions, checkCookieOptions, type SameSite } from './cookie-options.js';

/** RFC 6265bis §5.6: a browser ignores a cookie whose name and value are longer than this together. */
const MAX_NAME_AND_VALUE_OCTETS = 4096;

/** RFC 6265bis §5.5: a browser keeps no cookie for longer than 400 days. */
const MAX_AGE_SECONDS = 400 * 24 * 60 * 60;

/** RFC 6265bis §4.1.1, `1*cookie-octet`: ASCII without controls, whitespace, `"`, `,`, `;` and `\`. */
const COOKIE_OCTETS = /^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+$/;

/**
 * The session cookie: what reads it from a request, writes it to a response, and clears it.
 *
 * Writing is strict: nothing that an option or a token holds can add an attribute or a header.
 *
 * Reading is literal: what differs from the name by a byte is another cookie. Lenient servers let an attacker
 * spell `__Host-id` so that the browser does not recognise, and so does not protect, what the server then takes
 * for it: by Unicode spaces, quotes, `$Version`, percent signs or capitals.
 *
 * @example
 * ```ts
 * const cookie = new SessionCookie();
 * cookie.write('token', 3600); // '__Host-id=token; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600'
 * cookie.tokens(['theme=dark; __Host-id=token']); // ['token']
 * ```
 */
export class SessionCookie {
  /** The cookie's full name, prefix included. */
  readonly name: string;
  /** Whether requests caused by other sites carry the cookie. */
  readonly sameSite: SameSite;
  /** Whether it is for TLS alone. */
  readonly secure: boolean;

  /** All that a Set-Cookie says beside the value, but for how long. */
  readonly attributes: string;

  /** @throws {@link ConfigurationError} for an option that is unknown, malformed, or impossible beside another. */
  constructor(options: CookieOptions = {}) {
    const { name, path, domain, secure, sameSite, partitioned } = checkCookieOptions(options);
    this.name = name;
    this.sameSite = sameSite;
    this.secure = secure;
    this.attributes = [
      `Path=${path}`,
      ...(domain === undefined ? [] : [`Domain=${domain}`]),
      ...(secure ? ['Secure'] : []),
      'HttpOnly',
      `SameSite=${sameSite}`,
      ...(partitioned ? ['Partitioned'] : []),
    ].join('; ');
  }

  /**
   * All values that the request has for this cookie, in order, equal ones once. Never throws, takes time linear
   * in the input, and makes no judgement: a value may be empty or nonsense, and none is better for coming first
   * (RFC 6265bis §4.2.2).
   *
   * Splits on `;`, then on the first `=`, trims spaces and tabs, and compares the name as it is. Quotes, percent
   * signs, commas, `$Version` and Unicode spaces mean nothing; what has no name is skipped.
   *
   * What this cannot tell: a `Cookie` header does not say who set a cookie, or how. A browser sends a nameless
   * cookie, as `Set-Cookie: =id=forged` makes one, as `id=forged`. Only the browser can prevent that, and does
   * for names with a prefix (RFC 6265bis §5.7; there is no such protection in browsers that predate the rule,
   * or for an unprefixed name, which any sibling domain can plant anyway). So every value is a claim to be
   * checked, and a second value may be somebody else's.
   *
   * @param cookieHeaders - `Cookie` headers, or single `name=value` pairs such as payload format 2.0 has in
   * `event.cookies`.
   */
  tokens(cookieHeaders: readonly string[]): string[] {
    const tokens = new Set<string>();
    for (const header of cookieHeaders) {
      for (const pair of header.split(';')) {
        const equals = pair.indexOf('=');
        if (equals !== -1 && trim(pair.slice(0, equals)) === this.name) {
          tokens.add(trim(pair.slice(equals + 1)));
        }
      }
    }
    return [...tokens];
  }

  /** The values of the `Set-Cookie` headers that a committed session asks for: one or none. */
  headers(action: CookieAction): readonly string[] {
    switch (action.kind) {
      case 'keep':
        return [];
      case 'set':
        return [this.write(action.token, action.maxAge)];
      case 'clear':
        return [this.clear()];
    }
  }

  /**
   * The value of a `Set-Cookie` header that hands the token to the browser.
   *
   * @param token - Not empty, `cookie-octet`s only (base64url and `.` are), at most 4,096 less the name's length.
   * @param maxAge - In seconds. Brought within 0 and 400 days, where browsers would bring it, and rounded down:
   * by now the session is stored, and a clock that is a little off must not lose its cookie. That no session is
   * meant to live longer is for the session's options to check.
   * @throws {@link ConfigurationError} for a token that a cookie cannot hold, or a maxAge that is not a number.
   */
  write(token: string, maxAge: number): string {
    const most = MAX_NAME_AND_VALUE_OCTETS - this.name.length;
    if (typeof token !== 'string' || !COOKIE_OCTETS.test(token) || token.length > most) {
      throw new ConfigurationError(
        `The token of a session cookie must be visible ASCII without " , ; and \\, and have at most ${most} characters.`,
      );
    }
    if (typeof maxAge !== 'number' || Number.isNaN(maxAge)) {
      throw new ConfigurationError('The maxAge of a session cookie must be a number of seconds.');
    }
    return this.#setCookie(token, Math.min(Math.max(Math.floor(maxAge), 0), MAX_AGE_SECONDS));
  }

  /**
   * The value of a `Set-Cookie` header that makes the browser drop the cookie. It repeats all attributes: Domain,
   * Path and Partitioned because they are part of a cookie's identity, Secure and SameSite because without them a
   * browser may refuse the header (for a prefixed name, or inside another site's frame).
   *
   * `Expires` stands beside `Max-Age=0` because some cookie jars drop the latter.
   */
  clear(): string {
    return `${this.#setCookie('', 0)}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;
  }

  #setCookie(value: string, maxAge: number): string {
    return `${this.name}=${value}; ${this.attributes}; Max-Age=${maxAge}`;
  }
}

/** Spaces and tabs only, unlike `String.prototype.trim`; a loop, because `/[ \t]+$/` takes quadratic time. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (isBlank(text.charCodeAt(start))) start++;
  while (isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
