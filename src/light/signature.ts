import { createHmac, hash } from 'node:crypto';

/** Keys of AWS. They are in no error and no log. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Until when they are good. Without it, they are asked for again with each request, which may be cheap. */
  readonly expiration?: Date;
}

/** A request as it is signed: a POST without a query. */
export interface SignedRequest {
  /** As it is sent: absolute, and without `.` and `..`. */
  readonly path: string;
  /** All that are signed, `host` included, by lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where and for what a signature is good. */
export interface Scope {
  readonly region: string;
  readonly service: string;
  readonly credentials: Credentials;
  readonly at: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Signs a request with AWS's Signature Version 4.
 *
 * @returns the headers to send: those that were given, `x-amz-date`, `x-amz-security-token` if there is one, and
 * `authorization`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function sign({ path, headers, body }: SignedRequest, scope: Scope): Record<string, string> {
  const { region, service, credentials, at } = scope;
  const time = at.toISOString().replace(/[-:]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const signed: Record<string, string> = { ...headers, 'x-amz-date': time };
  if (credentials.sessionToken !== undefined) signed['x-amz-security-token'] = credentials.sessionToken;

  const names = Object.keys(signed).sort();
  const signedHeaders = names.join(';');
  const canonical = [
    'POST',
    encodedPath(path),
    '', // no query
    ...names.map((name) => `${name}:${collapsed(signed[name] as string)}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n');
  const reach = `${date}/${region}/${service}/aws4_request`;
  const text = [ALGORITHM, time, reach, sha256(canonical)].join('\n');
  const signature = hmac(signingKey(credentials.secretAccessKey, date, region, service), text).toString('hex');
  const credential = `${credentials.accessKeyId}/${reach}`;
  signed['authorization'] =
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return signed;
}

/** Without empty segments; each is encoded once more than it is sent, as every service but S3 has it. */
const encodedPath = (path: string): string => path.replace(/\/+/g, '/').split('/').map(encoded).join('/');
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
const collapsed = (value: string): string => value.trim().replace(/ +/g, ' ');
const sha256 = (text: string): string => hash('sha256', text, 'hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

let lastKey: { readonly of: string; readonly key: Buffer } | undefined;

/** It is the same for a day. */
function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const of = [secret, date, region, service].join('\n');
  if (lastKey?.of !== of) {
    const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secret}`) as Buffer;
    lastKey = { of, key };
  }
  return lastKey.key;
}
