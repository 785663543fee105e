/** A client that shows its last JSON Web Token gets a session here in exchange, and its user stays signed in. */
import { errors, jwtVerify } from 'jose';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { LoginTooOldError, type Session, Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';

interface App {
  /** The user was signed in by a token, and has not given a password here. */
  moved: true;
}

const { JWT_SECRET, OLD_TOKENS_UNTIL: until = '' } = process.env;
const cutOff = Date.parse(until); // such as 2027-01-15: from then on no token counts
if (!JWT_SECRET || Number.isNaN(cutOff)) throw new Error('Set JWT_SECRET and OLD_TOKENS_UNTIL.');
const key = new TextEncoder().encode(JWT_SECRET);

const persistence = new DynamoDBPersistenceLayer();
const sessions = new Sessions<App>({ persistence });

export const handler = withSession(sessions, async (event: APIGatewayProxyEventV2, session) => {
  const { method } = event.requestContext.http;
  switch (`${method} ${event.rawPath}`) {
    case 'POST /session': {
      const [, token] = /^Bearer (.+)$/.exec(event.headers['authorization'] ?? '') ?? [];
      if (session.userId === undefined && token !== undefined) await moveIn(session, token);
      return { statusCode: session.userId === undefined ? 401 : 204 };
    }
    case 'DELETE /session':
      await session.logOut();
      return { statusCode: 204 };
    case 'POST /password':
      return changePassword(session);
    default:
      return { statusCode: 200, body: JSON.stringify({ user: session.userId ?? null }) };
  }
});

async function moveIn(session: Session<App>, token: string): Promise<void> {
  if (Date.now() >= cutOff) return;
  const userId = await userOf(token);
  if (userId === undefined || (await wasLoggedOut(userId))) return;
  session.set('moved', true);
  await session.logIn(userId);
  if (await wasLoggedOut(userId)) await session.destroy(); // by another request, at the same moment
}

/** Whom a token names, if it is good: signed with this key, for this application, and not expired. */
async function userOf(token: string): Promise<string | undefined> {
  try {
    const expected = { algorithms: ['HS256'], issuer: 'https://shop.example', audience: 'shop' };
    const { payload } = await jwtVerify(token, key, { ...expected, requiredClaims: ['sub', 'exp'] });
    return payload.sub;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** Whether `logOutUser` or `logOutEveryone` was called since the move began: then no token counts either. */
async function wasLoggedOut(userId: string): Promise<boolean> {
  const { generation, epoch } = await persistence.loadMarks(userId, { fresh: true });
  return generation !== undefined || epoch !== undefined;
}

/** Needs the password, and so a login here. It ends the user's other sessions, and their tokens. */
async function changePassword(session: Session<App>): Promise<{ statusCode: number }> {
  try {
    // A session that was moved here looks like a recent login.
    if (session.has('moved')) throw new LoginTooOldError('The user has not given a password since the move.');
    session.requireRecentLogin(300);
  } catch (error) {
    if (error instanceof LoginTooOldError) return { statusCode: 401 };
    throw error;
  }
  await sessions.logOutUser(session.userId!, { except: session });
  return { statusCode: 204 };
}
