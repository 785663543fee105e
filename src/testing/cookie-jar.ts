import { type Clock, systemClock } from '../core/clock.js';
import { CLIENT } from './client.js';

/** What a request tells of where it goes, so that a jar knows which cookies to send. */
export interface CookieRequest {
  /** @defaultValue `'/'` */
  readonly path?: string;
  /** Whether it is sent over HTTPS. Without, cookies that are `Secure` stay in the jar. @defaultValue true */
  readonly secure?: boolean;
}

/** What answers a request: a `Response`, or what a Lambda handler returned, for whatever event source. */
export type CookieAnswer = Response | string | object | undefined;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly secure: boolean;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * The cookies of one browser at one host. It keeps what responses set and sends it back, and honours `Path`, `Secure`,
 * `Max-Age` and `Expires`. `Domain` and `SameSite` mean nothing to it: there is one host, and no other site.
 *
 * @example
 * ```ts
 * const jar = new CookieJar();
 * const result = jar.receive(await handler(httpApiEvent({ path: '/login', body: '{}', jar }), {}));
 * await handler(httpApiEvent({ path: '/', jar }), {}); // with the cookie
 * ```
 */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();
  readonly #clock: Clock;

  /** @param options by `clock` cookies expire: give that of the sessions. By default it is the machine's. */
  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
  }

  /** Keeps the cookies that the answer sets, drops those that it clears, and returns the answer as it is. */
  receive<Answer extends CookieAnswer>(answer: Answer): Answer {
    for (const setCookie of setCookiesOf(answer)) this.#keep(setCookie);
    return answer;
  }

  /** The value of a cookie that has not expired, whatever its path. */
  get(name: string): string | undefined {
    return this.#live().find((cookie) => cookie.name === name)?.value;
  }

  /** The cookies that a request carries, one `name=value` each: those with the longest path first, as browsers do. */
  cookies({ path = '/', secure = true }: CookieRequest = {}): string[] {
    return this.#live()
      .filter((cookie) => (secure || !cookie.secure) && matches(path, cookie.path))
      .toSorted((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`);
  }

  /** The value of the `Cookie` header that a request carries; empty without cookies. */
  header(request: CookieRequest = {}): string {
    return this.cookies(request).join('; ');
  }

  /** A `Request` with the cookies that belong to its URL, and a browser's user agent unless it has one. */
  request(url: string | URL, init: RequestInit = {}): Request {
    const request = new Request(url, init);
    const { pathname, protocol } = new URL(request.url);
    const cookies = this.header({ path: pathname, secure: protocol === 'https:' });
    if (cookies !== '') request.headers.set('cookie', cookies);
    if (!request.headers.has('user-agent')) request.headers.set('user-agent', CLIENT.userAgent);
    return request;
  }

  #live(): Cookie[] {
    const now = this.#clock.now();
    return [...this.#cookies.values()].filter(({ expiresAt }) => expiresAt > now);
  }

  #keep(setCookie: string): void {
    const cookie = parse(setCookie, this.#clock.now());
    if (cookie !== undefined) this.#cookies.set(`${cookie.name};${cookie.path}`, cookie);
  }
}

/** RFC 6265bis §5.6, as far as it concerns one host. */
function parse(setCookie: string, now: number): Cookie | undefined {
  const [pair = '', ...rest] = setCookie.split(';').map((part) => part.trim());
  const equals = pair.indexOf('=');
  if (equals < 1) return undefined;
  const attributes = new Map(
    rest.map((attribute) => {
      const [name = '', ...value] = attribute.split('=');
      return [name.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
  const path = attributes.get('path');
  return {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim(),
    path: path?.startsWith('/') === true ? path : '/',
    secure: attributes.has('secure'),
    expiresAt: expiryOf(attributes, now),
  };
}

/** `Max-Age` wins over `Expires`; what is neither lasts as long as the jar. */
function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

/** RFC 6265bis §5.1.4. */
function matches(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

/** Wherever an event source lets a handler set cookies. */
function setCookiesOf(answer: CookieAnswer): readonly string[] {
  if (typeof answer !== 'object') return [];
  if (answer instanceof Response) return answer.headers.getSetCookie();
  const { cookies = [], headers = {}, multiValueHeaders = {} } = answer as LambdaAnswer;
  const named = [...Object.entries(headers), ...Object.entries(multiValueHeaders)];
  return [
    ...cookies,
    ...named.flatMap(([name, value]) => (name.toLowerCase() === 'set-cookie' ? [value].flat().map(String) : [])),
  ];
}

interface LambdaAnswer {
  readonly cookies?: readonly string[];
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly unknown[]>>;
}
