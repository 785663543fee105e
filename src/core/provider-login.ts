import { hash } from 'node:crypto';
import { ConfigurationError } from './errors.js';
import type { SessionRecord } from './record.js';

/**
 * The claims of an ID token, as an OpenID Connect client hands them over once it has verified the token, such as
 * `tokens.claims()` of openid-client. Claims that are not named here are not looked at.
 */
export interface IdTokenClaims {
  /** The issuer. */
  readonly iss: string;
  /** When the token was issued, in seconds since 1970. */
  readonly iat: number;
  /** The provider's session: text, if there is one. */
  readonly sid?: unknown;
  /** When the provider last asked the user for a proof: seconds since 1970, if the provider says it. */
  readonly auth_time?: unknown;
}

/** What a session keeps of the login at a provider that it came of. */
export type ProviderLogin = Pick<SessionRecord, 'login' | 'provenAt'>;

const LOGIN_BYTES = 16;

/** The name of one login at one provider: a hash, so that neither its length nor its text matters. */
export function loginOf(issuer: string, sid: string): string {
  const digest = hash('sha256', JSON.stringify([issuer, sid]), 'buffer');
  return digest.subarray(0, LOGIN_BYTES).toString('base64url');
}

/**
 * What a session keeps of an ID token; of a login without one, nothing.
 *
 * @param now in seconds: no proof is newer than that
 * @throws {@link ConfigurationError} for what are no claims of an ID token
 */
export function providerLoginOf(idToken: IdTokenClaims | undefined, now: number): ProviderLogin {
  if (idToken === undefined) return { login: undefined, provenAt: undefined };
  const { iss, iat, sid, auth_time: provenAt = 0 } = idToken;
  const isSound = typeof iss === 'string' && iss !== '' && Number.isFinite(iat);
  if (!isSound || (sid !== undefined && (typeof sid !== 'string' || sid === '')) || !Number.isFinite(provenAt)) {
    throw new ConfigurationError(
      'Option idToken is no verified ID token; expected its claims: iss a text, iat a number, sid a text and auth_time a number if they are there.',
    );
  }
  return {
    login: sid === undefined ? undefined : loginOf(iss, sid),
    provenAt: Math.max(0, Math.min(Math.floor(provenAt as number), now)),
  };
}
