/** A handler behind an HTTP API or a Function URL: users sign in with a password, and can change it. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { type HttpApiEvent, withSession } from 'dynamodb-sessions/lambda';

interface User {
  readonly id: string;
}

const sessions = new Sessions<object, User>({ persistence: new DynamoDBPersistenceLayer() });

/** The hashes of passwords. Your users are kept elsewhere. Here is one: ann, whose password is "correct horse". */
const passwords = new Map([['ann', 'YSBzYWx0IG9mIGhlciBvd24.JSMUlBpcXMuOhizUPQ5vu_OiiHgIsnm4va_MB6tPlQU']]);

export const handler = withSession(
  sessions,
  async (event, session) => {
    const form = formOf(event);
    const field = (name: string): string => form.get(name) ?? '';
    switch (`${event.requestContext.http.method} ${event.rawPath}`) {
      case 'GET /':
        return answer(200, `Hello ${session.userId ?? 'stranger'}.`);
      case 'POST /login':
        if (!(await isPassword(field('name'), field('password')))) return answer(401, 'Name or password is wrong.');
        await session.logIn(field('name')); // a new secret: a cookie from before is worthless now
        return { statusCode: 303, headers: { location: '/' } };
      case 'POST /password': {
        const { userId } = session;
        // The session is not enough: the cookie may be stolen.
        if (userId === undefined || !(await isPassword(userId, field('password'))))
          return answer(403, 'That is wrong.');
        if (field('new').length < 15) return answer(422, 'Take at least 15 characters.');
        passwords.set(userId, await hashOf(field('new')));
        await session.logIn(userId, { exclusive: true }); // ends all other sessions of the user
        return { statusCode: 303, headers: { location: '/' } };
      }
      case 'POST /logout':
        await session.logOut();
        return { statusCode: 303, headers: { location: '/' } };
      default:
        return answer(404, 'There is nothing here.');
    }
  },
  { csrf: {} }, // without it, a page of another site could sign your user in as somebody else
);

/** Compared with when the name is unknown, so that this takes as long as a wrong password. */
const NOBODY = `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;

async function isPassword(name: string, password: string): Promise<boolean> {
  const [salt = '', hash = ''] = (passwords.get(name) ?? NOBODY).split('.');
  return timingSafeEqual(Buffer.from(hash, 'base64url'), await derive(password, Buffer.from(salt, 'base64url')));
}

/** What is stored of a password. */
async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`;
}

/** OWASP's parameters of scrypt that need 16 MiB of memory. */
const COST = { N: 2 ** 14, r: 8, p: 5 };

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** The fields of a form. API Gateway encodes its body in base64. */
function formOf({ body = '', isBase64Encoded }: HttpApiEvent): URLSearchParams {
  return new URLSearchParams(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body);
}

const answer = (statusCode: number, body: string) => ({
  statusCode,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
});
