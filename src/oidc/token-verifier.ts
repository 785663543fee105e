import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify, type RemoteJWKSet } from 'jose';
import type { Clock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { InvalidMessageError, ProviderUnavailableError } from './message-errors.js';

/** Of whom tokens are accepted, and for whom. */
export interface ProviderOptions {
  /** The provider's issuer, to the letter as its tokens have it. */
  readonly issuer: string;
  /** For whom the tokens must be: your client ID, or one of several. */
  readonly audience: string | readonly string[];
  /** Where the provider's keys are. @defaultValue where its discovery document says */
  readonly jwksUri?: string;
  /** By which algorithms tokens may be signed; never by a shared secret. @defaultValue RSA, ECDSA and EdDSA */
  readonly algorithms?: readonly string[];
}

/** The claims of a token that was verified. */
export interface VerifiedClaims {
  readonly iss: string;
  readonly iat: number;
  readonly [claim: string]: unknown;
}

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** How far clocks may differ, in seconds. */
const TOLERANCE = 60;
/** How old a token may be, in seconds: far younger than the marks by which one that comes again is known. */
const OLDEST = 30 * 86_400;
const TIMEOUT_MS = 5_000;
/** How long no key is looked for again, in milliseconds: nobody can have the provider asked at every request. */
const COOLDOWN_MS = 10_000;

/** Verifies tokens of one provider by its public keys, which are fetched when they are needed and kept for 10 minutes. */
export class TokenVerifier {
  readonly #options: ProviderOptions;
  readonly #metadata: string;
  readonly #clock: Clock;
  #keys: Promise<RemoteJWKSet> | undefined;

  /**
   * @param metadataOf where the document of an issuer is that names the place of its keys
   * @throws {@link ConfigurationError}
   */
  constructor(options: ProviderOptions, metadataOf: (issuer: string) => string, clock: Clock) {
    const { issuer, audience, jwksUri, algorithms = ALGORITHMS } = options;
    const audiences = [audience].flat();
    if (typeof issuer !== 'string' || !URL.canParse(issuer)) throw wrong('issuer', 'the URL of the provider');
    if (audiences.length === 0 || audiences.some((each) => typeof each !== 'string' || each === ''))
      throw wrong('audience', 'a client ID, or several');
    if (!isSafe(jwksUri ?? issuer)) throw wrong(jwksUri === undefined ? 'issuer' : 'jwksUri', 'an https URL');
    const unknown = algorithms.filter((each) => !ALGORITHMS.includes(each));
    if (algorithms.length === 0 || unknown.length > 0) throw wrong('algorithms', `some of ${ALGORITHMS.join(', ')}`);
    this.#options = options;
    this.#metadata = metadataOf(issuer);
    this.#clock = clock;
  }

  /**
   * The claims of a token that the provider has signed for us with one of these types: never those of a token for
   * another purpose, of an old one, or of one from the future.
   *
   * @param types what the header's `typ` may be; `undefined` stands for a token without
   * @throws {@link InvalidMessageError}, {@link ProviderUnavailableError}
   */
  async verify(token: string, types: readonly (string | undefined)[]): Promise<VerifiedClaims> {
    const { issuer, audience, algorithms = ALGORITHMS } = this.#options;
    const now = this.#clock.now();
    const { payload, protectedHeader } = await jwtVerify(token, this.#key, {
      issuer,
      audience: [audience].flat(),
      algorithms: [...algorithms],
      currentDate: new Date(now),
      clockTolerance: TOLERANCE,
    }).catch((error: unknown) => {
      throw error instanceof ProviderUnavailableError ? error : refusalOf(error);
    });
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '');
    if (!types.includes(type)) throw new InvalidMessageError('The token is of another type.');
    const { iat, jti } = payload;
    if (typeof iat !== 'number' || iat > now / 1_000 + TOLERANCE || iat < now / 1_000 - OLDEST)
      throw new InvalidMessageError('The token was issued at no time, long ago, or in the future.');
    if (typeof jti !== 'string' || jti === '') throw new InvalidMessageError('The token has no jti.');
    return { ...payload, iss: issuer, iat };
  }

  readonly #key: JWTVerifyGetKey = async (header, token) => {
    let wasFetchedBefore: boolean | undefined;
    try {
      this.#keys ??= this.#find();
      const keys = await this.#keys;
      wasFetchedBefore = keys.coolingDown;
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey && !wasFetchedBefore) throw error;
      if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      // A key may be so new that it was not there when the keys were last fetched.
      throw new ProviderUnavailableError('The keys of the provider cannot be had at the moment.', { cause: error });
    }
  };

  async #find(): Promise<RemoteJWKSet> {
    try {
      const uri = this.#options.jwksUri ?? (await this.#discover());
      return createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT_MS, cooldownDuration: COOLDOWN_MS });
    } catch (error) {
      this.#keys = undefined; // the next token asks again
      throw error;
    }
  }

  async #discover(): Promise<string> {
    const response = await fetch(this.#metadata, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { issuer, jwks_uri: uri } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (!response.ok || issuer !== this.#options.issuer)
      throw new Error('This is not the issuer’s discovery document.');
    if (!isSafe(String(uri))) throw new Error('The discovery document names no safe place of keys.');
    return String(uri);
  }
}

/** Whether nobody on the way can give other keys. A provider on one's own machine speaks plain http. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

const wrong = (name: string, expected: string): ConfigurationError =>
  new ConfigurationError(`Option ${name} cannot be used; expected ${expected}.`);

/** Says what is wrong with a token, and nothing of what is in it. */
function refusalOf(error: unknown): InvalidMessageError {
  if (error instanceof errors.JWTExpired) return new InvalidMessageError('The token has expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const code = ({ iss: 'invalid_issuer', aud: 'invalid_audience' } as const)[error.claim];
    return new InvalidMessageError(`The token’s claim ${error.claim} is not as it must be.`, code);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return new InvalidMessageError('The token’s signature is wrong.', 'authentication_failed');
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return new InvalidMessageError('The token is signed by none of the provider’s keys.', 'invalid_key');
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new InvalidMessageError('The token is signed by an algorithm that is not allowed.', 'invalid_key');
  return new InvalidMessageError('This is no signed token.');
}
