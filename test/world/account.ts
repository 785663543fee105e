import { SignatureV4 } from '@smithy/signature-v4';
import type { IncomingMessage } from 'node:http';
import type { Credentials } from '../../src/light/index.js';
import { Sha256 } from './sha256.js';

/** Why DynamoDB refuses a request that it does not even look into. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
}

const MOST_SKEW_MS = 300_000;

/** Who may ask DynamoDB: verifies signatures by the official signer, and refuses in DynamoDB's words. */
export class Account {
  readonly region: string;
  /** How far the clock of this machine is behind the account's, in milliseconds. */
  readonly skewMs: number;
  readonly #credentials = new Map<string, Credentials>();

  constructor(region: string, { skewMs = 0 } = {}) {
    this.region = region;
    this.skewMs = skewMs;
  }

  get now(): number {
    return Date.now() + this.skewMs;
  }

  /** Makes credentials good, or replaces those with the same ID. */
  grant(credentials: Credentials): Credentials {
    this.#credentials.set(credentials.accessKeyId, credentials);
    return credentials;
  }

  /** Credentials with this ID are not known any more. */
  revoke(accessKeyId: string): void {
    this.#credentials.delete(accessKeyId);
  }

  /** What is wrong with a request, if anything. */
  async refusalOf(request: IncomingMessage, body: string): Promise<Refusal | undefined> {
    const { authorization, 'x-amz-date': time = '', 'x-amz-security-token': token } = request.headers;
    if (authorization === undefined) {
      return { name: 'MissingAuthenticationTokenException', message: 'Request is missing Authentication Token' };
    }
    const [, id = '', date, region, service, names] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
        authorization,
      ) ?? [];
    if (names === undefined || date !== String(time).slice(0, 8)) {
      return { name: 'IncompleteSignatureException', message: 'Authorization header is incomplete.' };
    }
    const credentials = this.#credentials.get(id);
    if (credentials === undefined || credentials.sessionToken !== token) {
      const message = 'The security token included in the request is invalid.';
      return { name: 'UnrecognizedClientException', message };
    }
    if ((credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) <= this.now) {
      return { name: 'ExpiredTokenException', message: 'The security token included in the request is expired' };
    }
    const at = dateOf(String(time));
    const late = this.now - at.getTime();
    if (!(Math.abs(late) <= MOST_SKEW_MS)) {
      const how = late > 0 ? 'expired' : 'not yet current';
      return invalid(`Signature ${how}: ${String(time)} is off by ${late} ms.`);
    }
    if (region !== this.region || service !== 'dynamodb') {
      return invalid(`Credential should be scoped to a valid region, not '${region}'.`);
    }
    const signed = new Set(names.split(';'));
    const required = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
    if (!required.every((name) => signed.has(name))) return invalid('A header is not signed.');
    const expected = await this.#sign(request, signed, body, { credentials, at });
    return expected === authorization ? undefined : invalid('The request signature does not match.');
  }

  async #sign(
    { method = '', url = '', headers }: IncomingMessage,
    signed: ReadonlySet<string>,
    body: string,
    { credentials, at }: { readonly credentials: Credentials; readonly at: Date },
  ): Promise<string | undefined> {
    const given = Object.entries(headers).filter(([name]) => signed.has(name)) as [string, string][];
    const request = { method, protocol: 'http:', hostname: '', path: url, headers: Object.fromEntries(given), body };
    const { region } = this;
    const signer = new SignatureV4({ credentials, region, service: 'dynamodb', sha256: Sha256, applyChecksum: false });
    return (await signer.sign(request, { signingDate: at, signableHeaders: new Set(signed) })).headers['authorization'];
  }
}

const invalid = (message: string): Refusal => ({ name: 'InvalidSignatureException', message });

/** Of a time such as `20261128T090000Z`. */
const dateOf = (time: string): Date => new Date(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
