/** The same format by another implementation: the Web Crypto API's HKDF and AES-GCM, and no code of this package. */

const { subtle } = globalThis.crypto;
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

async function derive(secret: Uint8Array, salt: string, info: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const key = await subtle.importKey('raw', copyOf(secret), 'HKDF', false, ['deriveBits']);
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: utf8(salt), info: utf8(info) };
  return new Uint8Array(await subtle.deriveBits(algorithm, key, bytes * 8));
}

async function decrypt(key: Uint8Array<ArrayBuffer>, bytes: Uint8Array, bound: string): Promise<Uint8Array> {
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  const algorithm = { name: 'AES-GCM', iv: copyOf(bytes.subarray(0, 12)), additionalData: utf8(bound) };
  return new Uint8Array(await subtle.decrypt(algorithm, imported, copyOf(bytes.subarray(12))));
}

async function encrypt(
  key: Uint8Array<ArrayBuffer>,
  nonce: Uint8Array,
  plain: Uint8Array,
  bound: string,
): Promise<Buffer> {
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const algorithm = { name: 'AES-GCM', iv: copyOf(nonce), additionalData: utf8(bound) };
  return Buffer.concat([nonce, new Uint8Array(await subtle.encrypt(algorithm, imported, copyOf(plain)))]);
}

const wrappingKey = (id: string, secret: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
  derive(secret, id, 'dynamodb-sessions/data-key', 32);

const subkey = async (dataKey: Uint8Array, purpose: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await subtle.digest('SHA-256', Buffer.concat([Buffer.of(0, 0, 0, 1), dataKey, utf8(purpose)])));

const encryptionKey = (dataKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
  subkey(dataKey, 'dynamodb-sessions/encryption');

/** The data key of a session. */
export async function unwrap(id: string, wrapped: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
  return decrypt(await wrappingKey(id, secret), wrapped, id);
}

export async function wrap(id: string, dataKey: Uint8Array, secret: Uint8Array, nonce: Uint8Array): Promise<Buffer> {
  return encrypt(await wrappingKey(id, secret), nonce, dataKey, id);
}

/** The text of a sealed value. */
export async function open(id: string, dataKey: Uint8Array, name: string, sealed: string): Promise<string> {
  const bytes = Buffer.from(sealed.replace('sealed:', ''), 'base64url');
  return new TextDecoder().decode(await decrypt(await encryptionKey(dataKey), bytes.subarray(1), `1 ${id} ${name}`));
}

/** A sealed value. */
export async function seal(id: string, dataKey: Uint8Array, name: string, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const mac = await subtle.importKey('raw', await subkey(dataKey, 'dynamodb-sessions/nonces'), algorithm, false, [
    'sign',
  ]);
  const bound = `1 ${id} ${name}`;
  const nonce = new Uint8Array(await subtle.sign('HMAC', mac, utf8(`${bound.length} ${bound}${text}`))).slice(0, 12);
  const sealed = await encrypt(await encryptionKey(dataKey), nonce, utf8(text), bound);
  return `sealed:${Buffer.concat([Buffer.of(1), sealed]).toString('base64url')}`;
}
