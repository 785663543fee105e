import { RequestSessions, type VisitOptions } from '../adapters/request-sessions.js';
import { FORBIDDEN, type RequestHead } from '../cookies/index.js';
import type { SessionRequest } from '../core/bare-sessions.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { withCookies } from './with-cookies.js';

/** What is read of a request: a `Request` is one, and so is `{ headers: await headers() }` in Next.js. */
export interface WebRequest {
  /** @defaultValue `'GET'` */
  readonly method?: string;
  readonly headers: Pick<Headers, 'get'>;
  /** Tells plain http from https, and the host to the option `csrf` where there is no `Host` header. */
  readonly url?: string;
}

/** What a request does not say of itself. */
export interface StartOptions extends VisitOptions, Pick<SessionRequest, 'address' | 'deadline'> {}

/** What is done with a request of fetch, whether the session's cookie goes to a response or into a jar. */
export class FetchSessions<Data extends object, User extends SessionUser> extends RequestSessions<Data, User> {
  /**
   * The answer to what a browser asks by itself to prove its device (option `deviceBinding` of `Sessions`); `undefined`
   * for any other request. Ask before {@link refuse}. If the store is unavailable, it is a 503.
   */
  async answerDevice(request: WebRequest, options: Omit<StartOptions, 'create'> = {}): Promise<Response | undefined> {
    const answer = await this.answerToDevice(
      () => headOf(request),
      () => ({ ...this.seenIn(request), ...options }),
    );
    if (answer === undefined) return undefined;
    const { statusCode, headers, setCookies, body } = answer;
    const response = new Response(body === '' ? null : body, { status: statusCode, headers });
    return setCookies.length === 0 ? response : withCookies(response, setCookies);
  }

  /** The 403 for a request that the option `csrf` refuses; `undefined` for one that may pass. Ask before the session begins. */
  refuse(request: WebRequest): Response | undefined {
    if (!this.isRefused(headOf(request))) return undefined;
    return new Response(FORBIDDEN.body, { status: FORBIDDEN.statusCode, headers: FORBIDDEN.headers });
  }

  /** @internal What the request says of its session. */
  protected seenIn({ headers }: WebRequest): SessionRequest {
    const cookies = headers.get('cookie');
    return {
      ...this.tokensOf(cookies === null ? [] : [cookies]),
      userAgent: headers.get('user-agent') ?? undefined,
    };
  }
}

export function headOf({ method = 'GET', headers, url }: WebRequest): RequestHead {
  return { method, header: (name) => headers.get(name) ?? undefined, url };
}
