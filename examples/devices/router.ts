/** Routes for payload 2.0: which route answers, whom, and what counts as the client's mistake. */
import type { HttpApiEvent, HttpApiResult } from 'dynamodb-sessions/lambda';

/** What a route answers. */
export type Answer = Exclude<HttpApiResult, string>;

/** The routes by `METHOD /path`. One part of the path may be a `{parameter}`. */
export type Routes<Session> = {
  readonly [route: string]: (request: Request<Session>) => Answer | Promise<Answer>;
};

export interface Request<Session> {
  readonly session: Session;
  /** The decoded text in the place of the `{parameter}`. */
  readonly parameter: string;
  /** The body: JSON, or the fields of a form. @throws {@link Problem} */
  readonly body: () => unknown;
  readonly audience: Audience;
  /** One `name=value` each. */
  readonly cookies: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * Who gets the answer. A program sends JSON and gets JSON. The page's script submits a form and shows the page that it
 * gets. A browser without scripts is redirected to the page, so that loading it again does nothing twice.
 */
export type Audience = 'program' | 'script' | 'browser';

/** The reason why a request was refused. Nothing was done. */
export class Problem extends Error {
  readonly statusCode: number;
  readonly headers: Record<string, string>;

  constructor(statusCode: number, reason: string, headers: Record<string, string> = {}) {
    super(reason);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** An answer in JSON. No cache may keep it, because it is about one person. */
export function json(statusCode: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return {
    statusCode,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body: `${JSON.stringify(body)}\n`,
  };
}

/** Sends a browser on, after a form. */
export function seeOther(location: string): Answer {
  // Without a type, the service would call the empty body JSON.
  return { statusCode: 303, headers: { location, 'content-type': 'text/plain', 'cache-control': 'no-store' } };
}

/** Finds the route for a request and lets it answer. @throws {@link Problem} */
export async function answer<Session>(routes: Routes<Session>, event: HttpApiEvent, session: Session): Promise<Answer> {
  const { method } = event.requestContext.http;
  const here = Object.entries(routes).flatMap(([name, route]) => {
    const [verb = '', path = ''] = name.split(' ');
    const match = new RegExp(`^${path.replace(/\{\w+\}/, '([^/]+)')}$`).exec(event.rawPath);
    return match === null ? [] : [{ verb, route, parameter: match[1] ?? '' }];
  });
  if (here.length === 0) throw new Problem(404, 'There is nothing at this path.');

  const found = here.find(({ verb }) => verb === method);
  const allow = here.map(({ verb }) => verb).join(', ');
  if (found === undefined) throw new Problem(405, `This path answers to ${allow}.`, { allow });

  if (method !== 'GET') refuseOtherSites(event);
  return found.route({
    session,
    parameter: decoded(found.parameter),
    body: () => parsedBody(event),
    audience: audienceOf(event),
    cookies: event.cookies ?? [],
    query: new URLSearchParams(event.rawQueryString),
  });
}

/** Whether somebody looks at the answer, so that a refusal should be a page, too. */
export function isForPeople(event: HttpApiEvent): boolean {
  const looks = event.requestContext.http.method === 'GET' && event.headers['accept']?.includes('text/html') === true;
  return looks || audienceOf(event) !== 'program';
}

function audienceOf(event: HttpApiEvent): Audience {
  if (!isForm(event)) return 'program';
  return (event.headers['sec-fetch-mode'] ?? 'navigate') === 'navigate' ? 'browser' : 'script';
}

const isForm = ({ headers }: HttpApiEvent): boolean =>
  headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;

/**
 * Cross-site request forgery. The cookie is `SameSite=Lax`, so a page of another site can send it only with a link. This
 * refuses what another origin of the same site could send, such as `localhost` on another port.
 */
function refuseOtherSites({ headers }: HttpApiEvent): void {
  const from = headers['sec-fetch-site'] ?? 'none'; // every browser sends it; curl does not
  if (from !== 'same-origin' && from !== 'none') throw new Problem(403, 'Another site must not do this.');
}

function parsedBody(event: HttpApiEvent): unknown {
  const { body = '', isBase64Encoded } = event;
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
  if (isForm(event)) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, 'The body is not JSON.');
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(400, 'The path is not well-formed.');
  }
}
