/** A handler behind an HTTP API or a Function URL: users sign in at an OpenID Connect provider. */
import * as openid from 'openid-client';
import { LoginTooOldError, type Session, Sessions, StoreUnavailableError } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';
import { backChannelLogout } from 'dynamodb-sessions/oidc';

/** A login that has begun: what the callback must know, and the browser must not choose. */
interface Login {
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  readonly stepUp: boolean;
  readonly begunAt: number;
}

interface App {
  /** By `state`: logins in two tabs do not replace each other. */
  [login: `login:${string}`]: Login;
}

/** ORIGIN is where this application is, such as `https://shop.example.com`. The provider knows `${ORIGIN}/callback`. */
const { ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', ORIGIN = '' } = process.env;
const STEP_UP_SECONDS = 300;
const MOST_LOGINS = 5;

const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() });
const logout = backChannelLogout(sessions, { issuer: ISSUER, audience: CLIENT_ID });

export const handler = withSession(sessions, async (event, session, context) => {
  const url = new URL(`${ORIGIN}${event.rawPath}?${event.rawQueryString}`);
  switch (`${event.requestContext.http.method} ${event.rawPath}`) {
    case 'GET /':
      return page(session.userId === undefined ? SIGN_IN : `Hello ${escapeHtml(session.userId)}. ${SIGN_OUT}`);
    case 'GET /login':
      return redirect(await beginLogin(session, url.searchParams));
    case 'GET /callback':
      try {
        return redirect(await finishLogin(session, url));
      } catch (error) {
        if (error instanceof StoreUnavailableError) throw error; // a 503
        console.warn(`A login failed: ${(error as Error).message}`); // the message alone: the cause may hold tokens
        return page(`That did not work. ${SIGN_IN}`, 400);
      }
    case 'GET /payout': // step-up: only for a user who has proved lately who they are
      try {
        session.requireRecentLogin(STEP_UP_SECONDS);
      } catch (error) {
        if (!(error instanceof LoginTooOldError)) throw error;
        return redirect('/login?step-up&returnTo=/payout');
      }
      return page(`Where shall the money go, ${escapeHtml(session.userId)}?`);
    case 'POST /logout':
      await session.logOut();
      return redirect(await providersLogout());
    case 'POST /back-channel-logout': // the provider says who is logged out there
      return logout.lambda(event, context);
    default:
      return page('There is nothing here.', 404);
  }
});

/** Remembers a new login in the session. Returns where the provider signs the user in. */
async function beginLogin(session: Session<App>, query: URLSearchParams): Promise<URL> {
  const state = openid.randomState();
  const login: Login = {
    nonce: openid.randomNonce(),
    codeVerifier: openid.randomPKCECodeVerifier(),
    returnTo: ownUrl(query.get('returnTo') ?? '/'),
    stepUp: query.has('step-up'),
    begunAt: Date.now(),
  };
  forgetOldLogins(session);
  session.set(`login:${state}`, login);
  return openid.buildAuthorizationUrl(await provider(), {
    redirect_uri: `${ORIGIN}/callback`,
    scope: 'openid',
    state,
    nonce: login.nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(login.codeVerifier),
    code_challenge_method: 'S256',
    ...(login.stepUp && { prompt: 'login', max_age: String(STEP_UP_SECONDS) }),
  });
}

/** Logs in who the provider says it is. Returns where they wanted to go. */
async function finishLogin(session: Session<App>, url: URL): Promise<string> {
  const state = url.searchParams.get('state') ?? '';
  const login = await session.getAndDelete(`login:${state}`); // exactly one request gets it, and only in this session
  if (login === undefined) throw new Error('No login with this state has begun in this session.');
  const tokens = await openid.authorizationCodeGrant(await provider(), url, {
    expectedState: state,
    expectedNonce: login.nonce,
    pkceCodeVerifier: login.codeVerifier,
    ...(login.stepUp && { maxAge: STEP_UP_SECONDS }),
  });
  const claims = tokens.claims();
  if (claims === undefined) throw new Error('The provider has sent no ID token.');
  await session.logIn(claims.sub, { idToken: claims }); // a new secret: a cookie from before is worthless now
  return login.returnTo;
}

/** Ends the provider's own session, which would sign the user in again without asking. */
async function providersLogout(): Promise<URL> {
  const home = `${ORIGIN}/`;
  // Amazon Cognito reads `logout_uri`, all others the standard's name.
  return openid.buildEndSessionUrl(await provider(), { post_logout_redirect_uri: home, logout_uri: home });
}

let discovered: Promise<openid.Configuration> | undefined;

/** The provider's endpoints and keys, asked for once per Lambda instance. */
function provider(): Promise<openid.Configuration> {
  // A provider on your own machine speaks plain http.
  const execute = ISSUER.startsWith('http://127.0.0.1:') ? [openid.allowInsecureRequests] : [];
  discovered ??= openid.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute, timeout: 5 });
  return discovered.catch((error: unknown) => {
    discovered = undefined; // the next request asks again
    throw error;
  });
}

/** Drops the oldest logins that were begun and given up, so that they do not fill the session. */
function forgetOldLogins(session: Session<App>): void {
  const begunAt = (key: `login:${string}`): number => session.get(key)?.begunAt ?? 0;
  const begun = session.keys().filter((key) => key.startsWith('login:')) as `login:${string}`[];
  const old = begun.toSorted((a, b) => begunAt(b) - begunAt(a)).slice(MOST_LOGINS - 1);
  for (const key of old) session.delete(key);
}

/** The whole URL of a page of this application; of any other, the home page's. */
function ownUrl(path: string): string {
  const url = URL.canParse(path, ORIGIN) ? new URL(path, ORIGIN) : undefined;
  return url?.origin === ORIGIN ? url.href : `${ORIGIN}/`;
}

const SIGN_IN = '<a href="/login">Sign in</a>';
const SIGN_OUT = '<form method="post" action="/logout"><button>Sign out</button></form>';

const page = (html: string, statusCode = 200) => ({
  statusCode,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: html,
});

const redirect = (url: URL | string) => ({ statusCode: 303, headers: { location: String(url) } });

const escapeHtml = (text: unknown): string => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
