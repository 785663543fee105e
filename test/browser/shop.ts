import type { RequestListener } from 'node:http';
import { invoke } from '../../examples/devices/lambda-http.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions, type SessionsOptions } from '../../src/index.js';
import { withSession, type WithSessionOptions } from '../../src/lambda/index.js';
import type { TestTable } from '../world/tables.js';

type Cookie = NonNullable<WithSessionOptions['cookie']>;

/**
 * A site in one handler, for what the demo's cookie cannot show: `…/login?as=user-1` signs in, `…/logout` out, below
 * any path; and every page has as its title who is signed in.
 */
export function shop(
  { client, tableName }: TestTable,
  cookie: Cookie = {},
  options: Omit<SessionsOptions, 'persistence'> = {},
): RequestListener {
  const sessions = new Sessions({ ...options, persistence: new DynamoDBPersistenceLayer({ client, tableName }) });
  return invoke(
    withSession(
      sessions,
      async ({ rawPath, queryStringParameters: { as = 'user-1' } = {} }, session) => {
        if (rawPath.endsWith('/login')) await session.logIn(as);
        if (rawPath.endsWith('/logout')) await session.logOut();
        const headers = { 'content-type': 'text/html' };
        return { statusCode: 200, headers, body: page(String(session.userId ?? 'nobody')) };
      },
      { cookie },
    ),
  );
}

/** A page of another site; with cookies that it tries to set, if any. */
export function elsewhere(body: string, ...setCookies: readonly string[]): RequestListener {
  return (_request, response) => {
    response.setHeader('set-cookie', setCookies).setHeader('content-type', 'text/html').end(page('elsewhere', body));
  };
}

const page = (title: string, body = ''): string =>
  `<!doctype html><title>${title}</title><link rel="icon" href="data:,">${body}`;
