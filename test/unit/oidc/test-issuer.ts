import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: JWK;
}

const BACK_CHANNEL_LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

/** An identity provider on this machine, as far as whoever verifies its tokens sees it. */
export class TestIssuer implements AsyncDisposable {
  /** What was asked for so far, by path. */
  readonly requests: string[] = [];
  /** What it answers instead, by path. */
  readonly faults = new Map<string, (response: ServerResponse) => void>();
  keys: Key[] = [];
  readonly #server = createServer((request, response) => {
    const { url = '' } = request;
    this.requests.push(url);
    const fault = this.faults.get(url);
    if (fault !== undefined) fault(response);
    else if (url === '/keys') this.#json(response, { keys: this.keys.map(({ publicKey }) => publicKey) });
    else if (url.includes('/.well-known/'))
      this.#json(response, { issuer: this.issuer, jwks_uri: `${this.issuer}/keys` });
    else response.writeHead(404).end();
  });

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    issuer.keys = [await newKey('first')];
    return issuer;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Puts another key in the place of all there were. */
  async rotate(kid: string, alg?: string): Promise<void> {
    this.keys = [await newKey(kid, alg)];
  }

  /** Signs claims as they are, with the last key unless told otherwise. */
  sign(claims: object, header: Partial<JWTHeaderParameters> = {}, key = this.keys.at(-1) as Key): Promise<string> {
    const protectedHeader = { alg: key.alg, kid: key.kid, typ: 'logout+jwt', ...header };
    return new SignJWT(claims as Record<string, unknown>).setProtectedHeader(protectedHeader).sign(key.privateKey);
  }

  /** The claims of a logout token that is as it must be. `undefined` takes one away. */
  logoutClaims(now: number, claims: object = {}): object {
    return {
      iss: this.issuer,
      aud: 'shop',
      iat: now,
      exp: now + 120,
      jti: Math.random().toString(36),
      events: { [BACK_CHANNEL_LOGOUT]: {} },
      ...claims,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #json(response: ServerResponse, body: unknown): void {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
}

export async function newKey(kid: string, alg = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}
