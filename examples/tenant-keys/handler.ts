/** A handler for several tenants: the data of each one's sessions is encrypted with a key that KMS can take away. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { type Codec, readableCodec, Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { type HttpApiEvent, type HttpApiResult, withSession } from 'dynamodb-sessions/lambda';

interface App {
  note: string;
}

type Handler = (event: HttpApiEvent, context: object) => Promise<HttpApiResult>;

const kms = new KMSClient();
const persistence = new DynamoDBPersistenceLayer();

/** Each tenant's data key, as `GenerateDataKeyWithoutPlaintext` gave it. Your tenants are kept elsewhere. */
export const tenants = new Map<string, Uint8Array>();

/** How long an instance goes on after KMS has taken a key away. */
const KEPT_MS = 5 * 60_000;
const kept = new Map<string, { readonly until: number; readonly handle: Promise<Handler> }>();

export async function handler(event: HttpApiEvent, context: object): Promise<HttpApiResult> {
  const [tenant = ''] = event.requestContext.domainName.split('.');
  const wrapped = tenants.get(tenant);
  if (wrapped === undefined) return answer(404, 'There is no such tenant.');
  let handle: Handler;
  try {
    handle = await handlerOf(tenant, wrapped);
  } catch (error) {
    console.error('The key of a tenant could not be had.', error);
    return answer(503, 'Please try again later.');
  }
  return handle(event, context);
}

/** A codec is synchronous. So the key is fetched before the sessions are made, once in a while for each tenant. */
function handlerOf(tenant: string, wrapped: Uint8Array): Promise<Handler> {
  const known = kept.get(tenant);
  if (known !== undefined && Date.now() < known.until) return known.handle;
  const handle = keyOf(tenant, wrapped).then((key) =>
    handlerWith(new Sessions<App>({ persistence, codec: encryptedBy(key) })),
  );
  kept.set(tenant, { until: Date.now() + KEPT_MS, handle });
  handle.catch(() => kept.delete(tenant)); // the next request asks again
  return handle;
}

async function keyOf(tenant: string, wrapped: Uint8Array): Promise<Uint8Array> {
  const { Plaintext: key } = await kms.send(
    new DecryptCommand({ CiphertextBlob: wrapped, EncryptionContext: { tenant } }),
  );
  if (key === undefined) throw new Error('KMS gave no key.');
  return key;
}

const handlerWith = (sessions: Sessions<App>): Handler =>
  withSession(sessions, async (event, session) => {
    if (event.requestContext.http.method === 'POST') session.set('note', bodyOf(event));
    return answer(200, session.get('note') ?? 'Nothing is noted.');
  });

/** AES-256-GCM. The nonce is made of the text: what is set as it is stored stays as it is, and costs no write. */
function encryptedBy(key: Uint8Array, codec: Codec = readableCodec): Codec {
  const derive = (purpose: string): Uint8Array => new Uint8Array(hkdfSync('sha256', key, '', purpose, 32));
  const [forData, forNonces] = [derive('data'), derive('nonces')];
  return {
    encode(value) {
      const text = codec.encode(value);
      const nonce = createHmac('sha256', forNonces).update(text).digest().subarray(0, 12);
      const cipher = createCipheriv('aes-256-gcm', forData, nonce);
      return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
    },
    decode(stored) {
      const bytes = Buffer.from(stored, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', forData, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(-16));
      return codec.decode(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString());
    },
  };
}

const bodyOf = ({ body = '', isBase64Encoded }: HttpApiEvent): string =>
  isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;

const answer = (statusCode: number, body: string): HttpApiResult => ({ statusCode, body });
