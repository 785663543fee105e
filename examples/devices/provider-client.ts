/** What the demo says to an OpenID provider, and what it makes of the answers. */
import * as openid from 'openid-client';
import { Problem } from './router.js';

/** A login that has begun: what the callback must know, and the browser must not choose. */
export interface ProviderLogin {
  readonly nonce: string;
  readonly codeVerifier: string;
}

export class ProviderClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly #clientSecret: string;
  readonly #origin: string;
  #discovered: Promise<openid.Configuration> | undefined;

  /** The provider of which the environment tells, if it tells of one. It knows `${ORIGIN}/callback` and `${ORIGIN}/`. */
  static fromEnvironment({ ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN }: NodeJS.ProcessEnv): ProviderClient | undefined {
    return ISSUER && CLIENT_ID && CLIENT_SECRET && ORIGIN
      ? new ProviderClient(ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN)
      : undefined;
  }

  private constructor(issuer: string, clientId: string, clientSecret: string, origin: string) {
    this.issuer = issuer;
    this.clientId = clientId;
    this.#clientSecret = clientSecret;
    this.#origin = origin;
  }

  /** Begins a login: what to remember of it, and where the provider signs the user in. */
  async beginLogin(): Promise<{ readonly state: string; readonly login: ProviderLogin; readonly url: string }> {
    const state = openid.randomState();
    const login = { nonce: openid.randomNonce(), codeVerifier: openid.randomPKCECodeVerifier() };
    const { href: url } = openid.buildAuthorizationUrl(await this.#discover(), {
      redirect_uri: `${this.#origin}/callback`,
      scope: 'openid',
      state,
      nonce: login.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(login.codeVerifier),
      code_challenge_method: 'S256',
    });
    return { state, login, url };
  }

  /** Who has signed in, by the query with which the provider sent the browser back. @throws {@link Problem} */
  async finishLogin(query: URLSearchParams, state: string, login: ProviderLogin): Promise<openid.IDToken> {
    const url = new URL(`${this.#origin}/callback?${query.toString()}`);
    const provider = await this.#discover();
    const checks = { expectedState: state, expectedNonce: login.nonce, pkceCodeVerifier: login.codeVerifier };
    const tokens = await openid.authorizationCodeGrant(provider, url, checks).catch((error: Error) => {
      console.warn(`A login failed: ${error.message}`); // the message alone: the cause may hold tokens
    });
    const claims = tokens?.claims();
    if (claims === undefined) throw new Problem(400, 'The provider has not signed you in.');
    return claims;
  }

  /** Where the user ends the provider's own session. The browser comes back to the page. */
  async logoutUrl(): Promise<string> {
    return openid.buildEndSessionUrl(await this.#discover(), { post_logout_redirect_uri: `${this.#origin}/` }).href;
  }

  /** The provider's endpoints and keys, asked for once per Lambda instance. */
  async #discover(): Promise<openid.Configuration> {
    // A provider on your own machine speaks plain http.
    const execute = this.issuer.startsWith('http://127.0.0.1:') ? [openid.allowInsecureRequests] : [];
    const options = { execute, timeout: 5 };
    this.#discovered ??= openid.discovery(new URL(this.issuer), this.clientId, this.#clientSecret, undefined, options);
    try {
      return await this.#discovered;
    } catch {
      this.#discovered = undefined; // the next request asks again
      throw new Problem(502, 'The provider cannot be reached.');
    }
  }
}
