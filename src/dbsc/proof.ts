import { createPublicKey, type JsonWebKeyInput, type KeyObject, type PublicKeyInput, verify } from 'node:crypto';

/**
 * What a device signs: a JWT (RFC 7519) in the form that Device Bound Session Credentials have.
 *
 * @see https://w3c.github.io/webappsec-dbsc/#format-jwt
 */
export interface Proof {
  /** The key that has signed it (SPKI, DER). */
  readonly key: Uint8Array;
  /** The challenge that it answers. */
  readonly challenge: string;
  /** What the invitation said beside the challenge: the session's ID. Empty if the proof does not say it. */
  readonly authorization: string;
}

/** With an RSA key of 3,072 bits it has less than 2,000 characters. */
const LONGEST = 4_096;
const PARTS = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/**
 * Checks a proof against the key that the session has, or else against the key that the proof brings.
 *
 * @param text the value of the request header: bare, as Chromium sends it, or a quoted string, as the draft has it
 * @param known the session's key (SPKI, DER); without it, the proof is to register one
 * @param audience the URL that it must be meant for, if it says which
 * @returns `undefined` for anything that is not exactly that
 */
export function checkProof(text: string, known: Uint8Array | undefined, audience: string): Proof | undefined {
  const match = text.length > LONGEST ? null : PARTS.exec(unquoted(text));
  if (match === null) return undefined;
  const [, head, body, signature] = match as unknown as [string, string, string, string];
  const header = parse(head);
  const claims = parse(body);
  if (header?.['typ'] !== 'dbsc+jwt' || 'crit' in header || claims === undefined) return undefined;
  if ('jwk' in header !== (known === undefined)) return undefined;

  const key = keyOf(known === undefined ? jwkOf(header['jwk']) : spki(known));
  const algorithm = key && ALGORITHMS.find(({ matches }) => matches(key));
  if (key === undefined || algorithm === undefined || header['alg'] !== algorithm.alg) return undefined;
  const { jti, aud, authorization } = claims;
  if (typeof jti !== 'string' || (aud !== undefined && aud !== audience)) return undefined;
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return undefined;
  return {
    key: key.export({ type: 'spki', format: 'der' }),
    challenge: jti,
    authorization: typeof authorization === 'string' ? authorization : '',
  };
}

/** The key decides on the algorithm, never the proof alone. */
const ALGORITHMS: readonly { readonly alg: string; matches(this: void, key: KeyObject): boolean }[] = [
  {
    alg: 'ES256',
    matches: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
  },
  {
    alg: 'RS256',
    matches(key) {
      const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
      // A larger exponent would only make each check slow.
      return key.asymmetricKeyType === 'rsa' && publicExponent === 65_537n && isWithin(modulusLength, 2_048, 3_072);
    },
  },
];

const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most;

/** `undefined` for what is no key: sent by whoever, or written into the table. */
function keyOf(source: PublicKeyInput | JsonWebKeyInput | undefined): KeyObject | undefined {
  try {
    return source && createPublicKey(source);
  } catch {
    return undefined;
  }
}

const spki = (der: Uint8Array): PublicKeyInput => ({ key: Buffer.from(der), format: 'der', type: 'spki' });

function jwkOf(jwk: unknown): JsonWebKeyInput | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, crv, x, y, n, e } = jwk as Record<string, unknown>;
  // The public members alone: a private key in it would be taken for one.
  const key = (kty === 'EC' ? { kty, crv, x, y } : { kty, n, e }) as Record<string, string>;
  return { key, format: 'jwk' };
}

function parse(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a structured string (RFC 9651 §3.3.3), or what is none. */
export function unquoted(text: string): string {
  return /^"([^"\\]*)"$/.exec(text)?.[1] ?? text;
}
