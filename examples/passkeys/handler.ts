/** A handler behind an HTTP API or a Function URL: users sign up and sign in with passkeys. */
import { randomUUID } from 'node:crypto';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { LoginTooOldError, type Session, Sessions, StoreUnavailableError, type UserId } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';

interface User {
  readonly id: string;
  readonly name: string;
}

interface Passkey {
  readonly userId: string;
  readonly credential: WebAuthnCredential;
}

/** What the session remembers between the two requests that each ceremony takes. */
interface App {
  registration: { readonly challenge: string; readonly user: User };
  login: { readonly challenge: string };
}

/** ORIGIN is where this application is, such as `https://shop.example.com`. Passkeys are for its host. */
const { ORIGIN = 'https://localhost' } = process.env;
const RP_ID = new URL(ORIGIN).hostname;
const EXPECTED = { expectedOrigin: ORIGIN, expectedRPID: RP_ID, requireUserVerification: true };
const STEP_UP_SECONDS = 300;

/** By ID. Your users and their passkeys are kept elsewhere: what is here ends with the Lambda instance. */
const users = new Map<UserId, User>();
const passkeys = new Map<string, Passkey>();

const persistence = new DynamoDBPersistenceLayer<User>({ loadUser: async (id) => users.get(id) });
const sessions = new Sessions<App, User>({ persistence });

export const handler = withSession(
  sessions,
  async (event, session) => {
    try {
      switch (`${event.requestContext.http.method} ${event.rawPath}`) {
        case 'GET /me':
          return json({ user: (await session.user())?.name ?? null, passkeys: passkeysOf(session.userId).length });
        case 'POST /register/options':
          return json(await beginRegistration(session, JSON.parse(event.body ?? '') as { name: string }));
        case 'POST /register':
          return json(await register(session, JSON.parse(event.body ?? '') as RegistrationResponseJSON));
        case 'POST /login/options':
          return json(await beginLogin(session));
        case 'POST /login':
          return json(await logIn(session, JSON.parse(event.body ?? '') as AuthenticationResponseJSON));
        case 'POST /logout':
          await session.logOut();
          return json({});
        default:
          return json({ error: 'nothing-here' }, 404);
      }
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error; // a 503
      if (error instanceof LoginTooOldError) return json({ error: 'login-too-old' }, 403);
      console.warn(`A passkey was refused: ${(error as Error).message}`);
      return json({ error: 'refused' }, 400);
    }
  },
  { csrf: {} },
);

/** A passkey for a new user; or another one for the user who is signed in, which needs a recent login. */
async function beginRegistration(session: Session<App, User>, { name }: { name: string }): Promise<object> {
  const known = await session.user();
  if (known !== undefined) session.requireRecentLogin(STEP_UP_SECONDS);
  const user = known ?? { id: randomUUID(), name: String(name) };
  const options = await generateRegistrationOptions({
    rpName: 'The shop',
    rpID: RP_ID,
    userName: user.name,
    userID: new TextEncoder().encode(user.id),
    excludeCredentials: passkeysOf(user.id),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  session.set('registration', { challenge: options.challenge, user });
  return options;
}

async function register(session: Session<App, User>, response: RegistrationResponseJSON): Promise<object> {
  const begun = await session.getAndDelete('registration'); // exactly one request gets it
  if (begun === undefined) throw new Error('No registration has begun in this session.');
  const { challenge: expectedChallenge, user } = begun;
  const { registrationInfo } = await verifyRegistrationResponse({ response, expectedChallenge, ...EXPECTED });
  if (registrationInfo === undefined) throw new Error('The registration could not be verified.');
  const { credential } = registrationInfo;
  if (passkeys.has(credential.id)) throw new Error('There is a passkey with this ID.'); // perhaps somebody else's
  users.set(user.id, user);
  passkeys.set(credential.id, { userId: user.id, credential });
  await session.logIn(user); // a new secret: a cookie from before is worthless now
  return { user: user.name };
}

/** A login with any passkey of this site; or, for the user who is signed in, with one of their own. */
async function beginLogin(session: Session<App, User>): Promise<object> {
  const options = await generateAuthenticationOptions({
    rpID: RP_ID,
    allowCredentials: passkeysOf(session.userId),
    userVerification: 'required',
  });
  session.set('login', { challenge: options.challenge });
  return options;
}

async function logIn(session: Session<App, User>, response: AuthenticationResponseJSON): Promise<object> {
  const begun = await session.getAndDelete('login'); // exactly one request gets it
  if (begun === undefined) throw new Error('No login has begun in this session.');
  const { userId, credential } = passkeys.get(response.id) ?? {};
  if (userId === undefined || credential === undefined) throw new Error('There is no passkey with this ID.');
  const { challenge: expectedChallenge } = begun;
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge,
    credential,
    ...EXPECTED,
  });
  if (!verified) throw new Error('The login could not be verified.');
  passkeys.set(credential.id, { userId, credential: { ...credential, counter: authenticationInfo.newCounter } });
  await session.logIn(userId);
  return {};
}

function passkeysOf(userId: string | undefined): WebAuthnCredential[] {
  return [...passkeys.values()].filter((passkey) => passkey.userId === userId).map(({ credential }) => credential);
}

const json = (body: object, statusCode = 200) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
