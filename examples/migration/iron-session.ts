/** A browser that comes with a cookie of iron-session gets a session here, and its user stays signed in. */
import { getIronSession, type SessionOptions } from 'iron-session';
import { LoginTooOldError, type Session, Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/web';

interface App {
  theme: 'light' | 'dark';
  /** The user was signed in by an old cookie, and has not given a password here. */
  moved: true;
}

/** What the old cookie holds. */
interface OldSession {
  userId?: string;
  theme?: 'light' | 'dark';
}

const { IRON_SESSION_PASSWORD: password = '', OLD_COOKIES_UNTIL: until = '' } = process.env;
const cutOff = Date.parse(until); // such as 2027-01-15: from then on no old cookie counts
if (password.length < 32 || Number.isNaN(cutOff)) throw new Error('Set IRON_SESSION_PASSWORD and OLD_COOKIES_UNTIL.');

/** The options that the application gave to iron-session. */
const oldOptions: SessionOptions = { cookieName: 'shop', password };

const persistence = new DynamoDBPersistenceLayer();
const sessions = new Sessions<App>({ persistence });

type Handler = (request: Request, session: Session<App>) => Response | Promise<Response>;

/** Stands in for `withSession` until the cut-off date. */
const withMovedSession = (handler: Handler): ((request: Request) => Promise<Response>) =>
  withSession(sessions, async (request, session) => {
    const goodbye = new Response();
    const old = await getIronSession<OldSession>(request, goodbye, oldOptions).catch(() => undefined); // a forgery
    if (old === undefined || Object.keys(old).length === 0) return handler(request, session); // expired, or none

    if (session.userId === undefined && Date.now() < cutOff) await moveIn(session, old);
    old.destroy(); // the browser drops the old cookie with this response
    const response = await handler(request, session);
    const headers = new Headers(response.headers);
    for (const cookie of goodbye.headers.getSetCookie()) headers.append('set-cookie', cookie);
    return new Response(response.body, { status: response.status, headers });
  });

async function moveIn(session: Session<App>, { userId, theme }: OldSession): Promise<void> {
  if (userId === undefined || (await wasLoggedOut(userId))) return;
  if (theme !== undefined) session.set('theme', theme);
  session.set('moved', true);
  await session.logIn(userId);
  if (await wasLoggedOut(userId)) await session.destroy(); // by another request, at the same moment
}

/** Whether `logOutUser` or `logOutEveryone` was called since the move began: then no old cookie counts either. */
async function wasLoggedOut(userId: string): Promise<boolean> {
  const { generation, epoch } = await persistence.loadMarks(userId, { fresh: true });
  return generation !== undefined || epoch !== undefined;
}

/** Stands in for `session.requireRecentLogin`, which takes the move for a login. */
function requirePassword(session: Session<App>, seconds: number): void {
  if (session.has('moved')) throw new LoginTooOldError('The user has not given a password since the move.');
  session.requireRecentLogin(seconds);
}

export const GET = withMovedSession((_request, session) =>
  Response.json({ user: session.userId ?? null, theme: session.get('theme') ?? null }),
);

// Your application finds out who somebody is before it calls `logIn`.
export const POST = withMovedSession(async (request, session) => {
  const { name } = (await request.json()) as { name: string };
  session.delete('moved');
  await session.logIn(name);
  return new Response(null, { status: 204 });
});

export const DELETE = withMovedSession(async (_request, session) => {
  await session.logOut();
  return new Response(null, { status: 204 });
});

/** Something that needs the password: a new one, say. It ends the user's other sessions, and their old cookies. */
export const PATCH = withMovedSession(async (_request, session) => {
  try {
    requirePassword(session, 300);
  } catch (error) {
    if (error instanceof LoginTooOldError) return new Response(null, { status: 401 });
    throw error;
  }
  await sessions.logOutUser(session.userId!, { except: session });
  return new Response(null, { status: 204 });
});
