/** JSON over payload 2.0: a table of routes, and what is the client's mistake. */
import type { HttpApiEvent, HttpApiResult } from 'dynamodb-sessions/lambda';

/** What answers to a method and a path, by `METHOD /path` or `METHOD /path/{parameter}`. */
export type Routes<Session> = {
  readonly [route: string]: (request: Request<Session>) => HttpApiResult | Promise<HttpApiResult>;
};

interface Request<Session> {
  readonly session: Session;
  /** What stands in the path for the `{parameter}`, decoded. */
  readonly parameter: string;
  /** The body's JSON. @throws {@link Problem} */
  readonly body: () => unknown;
}

/** An answer that says why a request was refused, and that nothing was done. */
export class Problem extends Error {
  readonly result: HttpApiResult;

  constructor(status: number, reason: string, headers: Record<string, string> = {}) {
    super(reason);
    this.result = json(status, { error: reason }, headers);
  }
}

/** An answer in JSON, which no cache keeps: it is about one person. */
export function json(statusCode: number, body: unknown, headers: Record<string, string> = {}): HttpApiResult {
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

/** Finds the route for a request and lets it answer. @throws {@link Problem} */
export async function answer<Session>(
  routes: Routes<Session>,
  event: HttpApiEvent,
  session: Session,
): Promise<HttpApiResult> {
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
  return found.route({ session, parameter: decoded(found.parameter), body: () => parsedBody(event) });
}

/**
 * Cross-site request forgery. The cookie is `SameSite=Lax`, so that another site's page cannot send it along with
 * anything but a link. This refuses what another origin of the same site might send (`localhost` on another port, say).
 */
function refuseOtherSites({ headers }: HttpApiEvent): void {
  const from = headers['sec-fetch-site'] ?? 'none'; // every browser says it; curl does not
  if (from !== 'same-origin' && from !== 'none') throw new Problem(403, 'Another site must not do this.');
}

function parsedBody({ body = '', isBase64Encoded }: HttpApiEvent): unknown {
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body);
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
