import type { PersistenceLayer } from '../../src/index.js';
import { withSession } from '../../src/lambda/index.js';
import { httpApiEvent } from '../unit/lambda/events.js';
import { contextOf } from '../unit/lambda/lambda-world.js';
import { serviceOf } from '../unit/lambda/services.js';
import type { Place, Situation } from './requests.js';

/** A response, as the browser sees it. */
export interface Response {
  readonly status: number;
  readonly cookie: Situation['cookie'];
  readonly body: string;
}

/** Sends the browser's request to a Lambda with this layer, and lets the browser do with the cookie as it is told. */
export async function visit(layer: PersistenceLayer, { world }: Place, situation: Situation): Promise<Response> {
  const { browser, options } = situation;
  const sessions = world.sessions({ ...options, persistence: layer });
  const handler = withSession(sessions, async (_event, session) => {
    return { statusCode: 200, body: JSON.stringify((await situation.handle(session, sessions)) ?? null) };
  });
  const cookies = browser.token === undefined ? [] : [`__Host-id=${browser.token}`];
  const result = await handler(httpApiEvent({ cookies }), contextOf(600_000));
  const { statusCode: status, setCookies, body } = serviceOf('HTTP API').receive(result);
  const [, token, maxAge] = /^__Host-id=([^;]*);.*Max-Age=(\d+)/.exec(setCookies[0] ?? '') ?? [];
  if (token === undefined) return { status, cookie: 'keep', body };
  browser.token = maxAge === '0' ? undefined : token;
  return { status, cookie: maxAge === '0' ? 'clear' : 'set', body };
}
