import { getIronSession, type IronSession } from 'iron-session';
import { CHANGED, type SessionData } from './session-data.js';
import type { Cookie, Site } from './site.js';

type Data = Record<string, string>;

const OPTIONS = { cookieName: 'session', password: 'a secret of at least thirty-two characters' } as const;

/** Sessions that are in their cookie, encrypted: DynamoDB is asked for nothing. */
export const openIronSession = (): Promise<Site> => Promise.resolve(new IronSite());

class IronSite implements Site {
  readonly malformed = 'not a seal';

  /** What it has sealed itself is a session; of anything else it is not known whether it ever was one. */
  wellFormed(): Cookie {
    return `Fe26.2*1*${'0'.repeat(64)}*${'A'.repeat(22)}*${'A'.repeat(64)}**${'0'.repeat(64)}*${'A'.repeat(43)}~2`;
  }

  begin(data: SessionData, user?: string): Promise<Cookie> {
    return cookieOf((session) => Object.assign(session, data, user === undefined ? {} : { user }));
  }

  beginAnonymous(data: SessionData): Promise<Cookie> {
    return this.begin(data);
  }

  async view(cookie?: Cookie): Promise<unknown> {
    const { session } = await open(cookie);
    return session[CHANGED.key];
  }

  async untilTouchIsDue(): Promise<void> {}

  /** A new seal, which is good for as long again. */
  viewAndTouch(cookie: Cookie): Promise<unknown> {
    return cookieOf(() => {}, cookie);
  }

  change(cookie: Cookie): Promise<unknown> {
    return cookieOf((session) => Object.assign(session, { [CHANGED.key]: CHANGED.to }), cookie);
  }

  logIn(cookie: Cookie, user: string): Promise<unknown> {
    return cookieOf((session) => Object.assign(session, { user }), cookie);
  }

  /** The browser forgets its cookie. A copy of it stays good. */
  async logOut(cookie: Cookie): Promise<unknown> {
    const { session, response } = await open(cookie);
    session.destroy();
    return response.headers.get('set-cookie');
  }
}

async function cookieOf(page: (session: IronSession<Data>) => unknown, cookie?: Cookie): Promise<Cookie> {
  const { session, response } = await open(cookie);
  page(session);
  await session.save();
  const value = /^session=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1];
  if (value === undefined) throw new Error('The request set no cookie.');
  return value;
}

async function open(cookie?: Cookie): Promise<{ readonly session: IronSession<Data>; readonly response: Response }> {
  const headers: Record<string, string> = cookie === undefined ? {} : { cookie: `${OPTIONS.cookieName}=${cookie}` };
  const response = new Response();
  const session = await getIronSession<Data>(new Request('https://app.example.com/', { headers }), response, OPTIONS);
  return { session, response };
}
