import { cookies, headers } from 'next/headers.js';
import { NextResponse } from 'next/server.js';
import { StoreUnavailableError } from '../core/errors.js';
import { expectFunctions, expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import { type CookieJar, JarSessions, WebSessions, type WebSessionsOptions } from '../web/index.js';
import { isResponse } from '../web/thrown-response.js';
import { withCookies } from '../web/with-cookies.js';

/** The options of {@link NextSessions}. */
export interface NextSessionsOptions extends Pick<WebSessionsOptions, 'cookie' | 'csrf'> {
  /**
   * The client's address, from a header that your server or CDN writes itself. Not the left of X-Forwarded-For: anybody
   * can write that.
   *
   * @defaultValue unknown, so that `acceptRemoteIp` cannot tell
   */
  readonly address?: (headers: Headers) => string | undefined;
}

/** The options of `proxy`. */
export interface ProxyOptions<Incoming extends Request = Request> {
  /**
   * Store a session for every visitor, even if nothing is set in it. Only a request that can begin a visit does so: no
   * OPTIONS, no HEAD, no prefetch, and none from another site that `SameSite` holds the cookie back from.
   *
   * @defaultValue false
   */
  readonly create?: boolean;
  /** What to answer when the store is unavailable. @defaultValue a 503 that leaves the cookie alone */
  readonly onStoreError?: (error: StoreUnavailableError, request: Incoming) => Response | Promise<Response>;
}

/**
 * Sessions for the app router of Next.js.
 *
 * @throws {@link ConfigurationError} for options that cannot work
 * @example
 * ```ts
 * export const requests = new NextSessions(sessions);
 *
 * async function logIn(form: FormData): Promise<void> {
 *   'use server';
 *   await requests.run(async (session) => {
 *     await session.logIn(await authenticate(form));
 *     redirect('/');
 *   });
 * }
 * ```
 */
export class NextSessions<Data extends object, User extends SessionUser> {
  readonly #jars: JarSessions<Data, User>;
  readonly #web: WebSessions<Data, User>;
  readonly #address: (headers: Headers) => string | undefined;

  constructor(sessions: BareSessions<Data, User>, options: NextSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object', address: 'a function' });
    const { address = () => undefined, ...webOptions } = options;
    this.#jars = new JarSessions(sessions, { ...webOptions, isAnswer: isControlFlow });
    this.#web = new WebSessions(sessions, webOptions);
    this.#address = address;
  }

  /**
   * The session in a server component, which cannot set a cookie. Nothing is written, and to change anything is an error,
   * when compiled and when run. Each call reads the store: share one among components with React's `cache`.
   *
   * @throws {@link StoreUnavailableError}
   * @example const session = await requests.read();
   */
  async read(): Promise<ReadonlySession<Data, User>> {
    const [jar, head] = await Promise.all([cookies(), headers()]);
    return this.#jars.read({ headers: head }, jar, { address: this.#address(head) });
  }

  /**
   * The session in a server action or a route handler: begins it, hands it to `work`, and ends it, with its cookie in
   * `cookies()`. `redirect()` and `notFound()`, which throw, end it like a return. Inside of itself, it hands
   * on the same session, and the outer call ends it.
   *
   * If `work` throws anything else, nothing that was only buffered is saved. What `logIn`, `logOut`, `update` and `save`
   * wrote is written, and its cookie is sent.
   *
   * No shared cache may keep a response with the cookie. If `work` returns a `Response` and the cookie is set, this
   * returns a copy with `Cache-Control: no-store`; or with the response's own value if that has `private` or `no-store`.
   *
   * @returns what `work` returns
   * @throws what `work` throws; {@link StoreUnavailableError}, for what was set is not saved
   */
  async run<Result>(work: (session: Session<Data, User>) => Result | Promise<Result>): Promise<Result> {
    const [jar, head] = await Promise.all([cookies(), headers()]);
    let isSet = false;
    const more: Record<string, string> = {};
    const watched: CookieJar = {
      get: (name) => jar.get(name),
      set: (...cookie) => {
        isSet = true;
        jar.set(...cookie);
      },
      setHeader: (name, value) => {
        more[name] = value;
      },
    };
    const result = await this.#jars.run({ headers: head }, watched, work, { address: this.#address(head) });
    return isSet && isResponse(result) ? (withCookies(result, [], more) as Result & Response) : result;
  }

  /**
   * A `proxy.ts` that keeps sessions alive: writes that they are seen, replaces their secrets in time, and hands the
   * session on to the page, action or route handler of the same request. Without it, visitors who only look at pages
   * are logged out after the idle timeout. What the option `csrf` refuses is answered here.
   *
   * @param handler - Looks at the session before the page does, and perhaps answers in its place. Without an answer, the
   * request goes on. If it throws, nothing that was only buffered is saved, and no cookie is sent.
   * @throws {@link ConfigurationError} for options that cannot work, when it is called
   * @example
   * ```ts
   * export const proxy = requests.proxy((request: NextRequest, session) =>
   *   session.userId === undefined ? NextResponse.redirect(new URL('/login', request.url)) : undefined,
   * );
   * ```
   */
  proxy<Incoming extends Request = Request>(
    handler: (
      request: Incoming,
      session: Session<Data, User>,
    ) => Response | undefined | Promise<Response | undefined> = () => undefined,
    options: ProxyOptions<NoInfer<Incoming>> = {},
  ): (request: Incoming) => Promise<Response> {
    expectFunctions('', { handler }, ['handler']);
    expectOptions(options, { create: 'a boolean', onStoreError: 'a function' });
    const { create = false, onStoreError = () => this.#web.unavailable() } = options;
    return async (request) => {
      const client = { address: this.#address(request.headers) };
      const early = (await this.#web.answerDevice(request, client)) ?? this.#web.refuse(request);
      if (early !== undefined) return early;
      let begun: Session<Data, User> | undefined;
      try {
        const session = await this.#web.start(request, { create, ...client });
        begun = session;
        const response = (await handler(request, session)) ?? NextResponse.next();
        const committed = await this.#web.commit(session, response);
        if (committed !== response) handOn(request, committed);
        return committed;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        const response = await onStoreError(error, request);
        return begun === undefined ? response : this.#web.abandon(begun, response);
      }
    };
  }
}

/** By throwing, Next.js redirects, answers with an error page, and gives up rendering ahead. */
const isControlFlow = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'digest' in thrown &&
  typeof thrown.digest === 'string' &&
  thrown.digest.startsWith('NEXT_');

/** Gives the request that goes on the cookie which the response sets, in place of the one that was sent. */
function handOn(request: Request, { headers: answer }: Response): void {
  if (!answer.has('x-middleware-next') && !answer.has('x-middleware-rewrite')) return;
  const [pair] = answer.getSetCookie().at(-1)!.split(';') as [string];
  const name = pair.slice(0, pair.indexOf('=') + 1);
  const sent = answer.get(COOKIE) ?? request.headers.get('cookie') ?? '';
  const others = sent.split(';').filter((other) => !other.trim().startsWith(name));
  const changed = new Headers(request.headers);
  changed.set('cookie', [...others, ...(pair === name ? [] : [pair])].map((other) => other.trim()).join('; '));
  const { headers: overrides } = NextResponse.next({ request: { headers: changed } });
  if (!answer.has(OVERRIDES)) {
    for (const [header, value] of overrides) if (header !== 'x-middleware-next') answer.set(header, value);
  } else {
    answer.set(COOKIE, overrides.get(COOKIE) as string);
    answer.append(OVERRIDES, 'cookie');
  }
}

/** How `NextResponse.next({ request: { headers } })` says which headers the request has that goes on. */
const OVERRIDES = 'x-middleware-override-headers';
const COOKIE = 'x-middleware-request-cookie';
