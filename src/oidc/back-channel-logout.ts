import { expectBoolean, expectFunctions, refuseUnknown } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { loginOf } from '../core/provider-login.js';
import type { Sessions } from '../core/sessions.js';
import { endLogin, endLoginsOf } from './end-logins.js';
import { isObject } from './is-object.js';
import { InvalidMessageError } from './message-errors.js';
import { ProviderEndpoint } from './provider-endpoint.js';
import { type ProviderOptions, TokenVerifier, type VerifiedClaims } from './token-verifier.js';

/** What a logout token says, once it is verified. There is a `sub`, a `sid`, or both. */
export interface LogoutClaims {
  readonly iss: string;
  readonly sub?: string;
  readonly sid?: string;
  readonly [claim: string]: unknown;
}

/** The options of {@link backChannelLogout}. */
export interface BackChannelLogoutOptions<User extends SessionUser = SessionUser> extends ProviderOptions {
  /** The ID by which your application logs in who the token is about; `undefined` for nobody. @defaultValue its `sub` */
  readonly userId?: (claims: LogoutClaims) => User['id'] | undefined | Promise<User['id'] | undefined>;
  /**
   * Also accept tokens whose type the provider does not name: with `typ` `JWT`, or none.
   *
   * @defaultValue false: `typ` must be `logout+jwt` (ASVS 10.5.5)
   */
  readonly acceptUntyped?: boolean;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * The endpoint of OpenID Connect Back-Channel Logout 1.0: the provider says there that a login, or a user, is logged out,
 * and no browser is needed. A token with a `sid` ends the sessions of that login; one with a `sub` alone ends all of the
 * user's. Log in with `{ idToken }`, so that sessions know which login they came of.
 *
 * The answer is a 200 once it is done, a 400 for what is no logout token of this provider for you, and a 503 if the store
 * or the provider's keys cannot be reached. The same token again ends nothing more, and is a 200 as well.
 *
 * Needs the package `jose`.
 *
 * @throws {@link ConfigurationError} for options that cannot work, or a persistence layer without marks
 * @example
 * ```ts
 * const logout = backChannelLogout(sessions, { issuer: 'https://login.example.com', audience: 'my-client-id' });
 *
 * export const handler = logout.lambda; // or logout.fetch
 * ```
 */
export function backChannelLogout<Data extends object, User extends SessionUser>(
  sessions: Sessions<Data, User>,
  options: BackChannelLogoutOptions<NoInfer<User>>,
): ProviderEndpoint<User> {
  refuseUnknown('', options, ['issuer', 'audience', 'jwksUri', 'algorithms', 'userId', 'acceptUntyped']);
  const { userId = ({ sub }) => sub, acceptUntyped = false } = options;
  expectFunctions('', { userId }, ['userId']);
  expectBoolean('acceptUntyped', acceptUntyped);
  const verifier = new TokenVerifier(options, metadataOf, sessions.options.clock);
  const types = acceptUntyped ? ['logout+jwt', 'jwt', undefined] : ['logout+jwt'];

  return new ProviderEndpoint(sessions.options, {
    contentType: 'application/x-www-form-urlencoded',

    async handle(body, layer) {
      const [token, ...more] = new URLSearchParams(body).getAll('logout_token');
      if (token === undefined || more.length > 0) throw new InvalidMessageError('There is not just one logout_token.');
      const claims = await verifier.verify(token, types);
      expectLogout(claims);
      const { iss, sid, iat } = claims;
      const user = await userId(claims);
      if (sid !== undefined) await endLogin(layer, loginOf(iss, sid), user);
      else if (user !== undefined) await endLoginsOf(layer, user, iat);
    },

    accepted: { statusCode: 200, headers: { 'cache-control': 'no-store' }, body: '' },

    refused: ({ message }) => ({
      statusCode: 400,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify({ error: 'invalid_request', error_description: message }),
    }),
  });
}

const metadataOf = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** What a logout token must have beside what every token must (section 2.6). */
function expectLogout(claims: VerifiedClaims): asserts claims is LogoutClaims & VerifiedClaims {
  const { exp, events, nonce, sub, sid } = claims;
  if (typeof exp !== 'number') throw new InvalidMessageError('The token has no exp.');
  if (nonce !== undefined) throw new InvalidMessageError('The token has a nonce, which no logout token has.');
  const event = isObject(events) && Object.hasOwn(events, EVENT) ? events[EVENT] : undefined;
  if (!isObject(event)) throw new InvalidMessageError('The token’s events do not say that it is a logout token.');
  const named = [sub, sid].filter((name) => name !== undefined);
  if (named.length === 0 || !named.every((name) => typeof name === 'string' && name !== ''))
    throw new InvalidMessageError('The token has neither sub nor sid, or one that is no text.');
}
