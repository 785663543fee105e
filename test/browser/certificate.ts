import { createHash, createPublicKey } from 'node:crypto';
import { generate } from 'selfsigned';

/** A key of this run, and a certificate for it that the browser is told to trust by the key's hash. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the public key, in base64: what browsers call its SPKI hash. */
  readonly publicKeyHash: string;
}

export async function makeCertificate(): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: 'test' }], { keyType: 'ec', algorithm: 'sha256' });
  const publicKey = createPublicKey(made.public).export({ type: 'spki', format: 'der' });
  return {
    key: made.private,
    cert: made.cert,
    publicKeyHash: createHash('sha256').update(publicKey).digest('base64'),
  };
}
