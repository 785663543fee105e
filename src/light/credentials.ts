import { request as httpsRequest } from 'node:https';
import { plainHttp } from '../table/plain-http.js';
import type { Credentials } from './signature.js';
import { wholeBody } from './whole-body.js';

/** Credentials, or what finds them: of the AWS SDK's providers, each is one. */
export type CredentialsSource = Credentials | (() => Promise<Credentials>);

/** Credentials are found anew when they are good for less than this. */
const RENEW_BEFORE_MS = 300_000;
const LONGEST_ANSWER_MS = 1_000;
const MOST_BYTES = 65_536;

/** What credentials are found by. They are kept for as long as they say; what is under way is waited for. */
export class CredentialsCache {
  readonly #source: () => Promise<Credentials>;
  #found: Credentials | undefined;
  #search: Promise<Credentials> | undefined;

  constructor(source: CredentialsSource = fromEnvironment) {
    this.#source = typeof source === 'function' ? source : () => Promise.resolve(source);
  }

  async get(): Promise<Credentials> {
    const found = this.#found;
    if (found !== undefined && leftOf(found) > RENEW_BEFORE_MS) return found;
    this.#search ??= this.#source().finally(() => (this.#search = undefined));
    try {
      const credentials = await this.#search;
      this.#found = credentials.expiration === undefined ? undefined : credentials;
      return credentials;
    } catch (error) {
      if (found !== undefined && leftOf(found) > 0) return found; // they are good yet
      throw error;
    }
  }

  /** DynamoDB has refused them. */
  forget(): void {
    this.#found = undefined;
  }
}

const leftOf = ({ expiration }: Credentials): number => (expiration?.getTime() ?? 0) - Date.now();

/** The variables of the environment, as they are now; or what the container's endpoint hands out. */
async function fromEnvironment(): Promise<Credentials> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) {
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    };
  }
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = process.env;
  if (relative) return fromContainer(`http://169.254.170.2${relative}`);
  if (full) return fromContainer(full);
  throw noCredentials('The environment has none.');
}

/** Of hosts that are asked without TLS, only these: loopback, ECS, and EKS. */
const TRUSTED = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/;

async function fromContainer(uri: string): Promise<Credentials> {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && TRUSTED.test(url.hostname))) {
    throw noCredentials('AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor a host that is trusted without.');
  }
  const file = process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const token = file ? (await contentOf(file)).trim() : process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  const answer = await getJson(url, token);
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = answer;
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string' || typeof Token !== 'string') {
    throw noCredentials('The endpoint of the container answered without any.');
  }
  const expiration = new Date(String(Expiration));
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    ...(!Number.isNaN(expiration.getTime()) && { expiration }),
  };
}

/**
 * `node:fs/promises` is not imported: to load it takes a seventh of the time that a whole handler takes, and that has
 * no such file.
 */
const contentOf = (file: string): Promise<string> =>
  process.getBuiltinModule('node:fs/promises').readFile(file, 'utf8');

function getJson(url: URL, token: string | undefined): Promise<Record<string, unknown>> {
  const request = url.protocol === 'https:' ? httpsRequest : plainHttp().request;
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(noCredentials('The endpoint of the container did not hand out any.'));
    const signal = AbortSignal.timeout(LONGEST_ANSWER_MS);
    const headers = token === undefined ? {} : { authorization: token };
    request(url, { headers, signal }, (response) => {
      const take = (body: Buffer): void => {
        try {
          const answer: unknown = JSON.parse(body.toString());
          if (response.statusCode === 200 && typeof answer === 'object' && answer !== null)
            return resolve(answer as Record<string, unknown>);
        } catch {
          // What it was is not told: it may hold a secret.
        }
        fail();
      };
      wholeBody(response, MOST_BYTES).then(take, fail);
    })
      .on('error', fail)
      .end();
  });
}

/** It has the name of the SDK's error, and so the same advice. */
function noCredentials(why: string): Error {
  return Object.assign(new Error(why), { name: 'CredentialsProviderError' });
}
