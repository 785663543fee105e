import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { CookieJar } from '../../src/testing/index.js';

/** A request as it reaches an application. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** One `name=value` each. */
  readonly cookies: readonly string[];
}

/** Its answer. */
export interface Answered {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly setCookies: readonly string[];
  readonly body: string;
}

export type Send = (asked: Asked) => Promise<Answered>;

export type Algorithm = 'ES256' | 'RS256';

type Key = Awaited<ReturnType<typeof generateKeyPair>>;

/** What the browser knows of a session that it has bound. */
interface Bound {
  readonly id: string;
  readonly refreshUrl: string;
  readonly cookie: string;
  readonly key: Key;
  readonly alg: Algorithm;
}

/** What a proof says, to be changed by a test. */
export interface ProofParts {
  readonly header?: object;
  readonly claims?: object;
}

/**
 * A browser with Device Bound Session Credentials, by the draft: it binds a session when it is invited to, and before
 * each request it sees that it has the bound cookie. Its proofs are signed by another implementation than the one that
 * checks them.
 */
export class DeviceBrowser {
  readonly jar: CookieJar;
  readonly #send: Send;
  readonly #alg: Algorithm;
  /** Whether it knows of device binding. */
  readonly #binds: boolean;
  /** All that it has asked by itself, with the status of each answer. */
  readonly own: string[] = [];
  invitation: string | undefined;
  bound: Bound | undefined;
  challenge: string | undefined;

  constructor(
    send: Send,
    { alg = 'ES256', binds = true, clock }: { alg?: Algorithm; binds?: boolean; clock?: { now(): number } } = {},
  ) {
    this.#send = send;
    this.#alg = alg;
    this.#binds = binds;
    this.jar = new CookieJar(clock && { clock });
  }

  /** Somebody else's browser, with a copy of all cookies as they are now. */
  thief(clock?: { now(): number }): DeviceBrowser {
    const thief = new DeviceBrowser(this.#send, { binds: false, ...(clock && { clock }) });
    const cookies = this.jar.cookies().map((cookie) => `${cookie}; Path=/; Secure`);
    thief.jar.receive({ cookies });
    return thief;
  }

  /** The same browser, as it is now: the cookies are shared, and what is asked through this goes there. */
  through(send: Send): DeviceBrowser {
    const { jar, invitation, bound, challenge } = this;
    return Object.assign(new DeviceBrowser(send, { alg: this.#alg, binds: this.#binds }), {
      jar,
      invitation,
      bound,
      challenge,
    });
  }

  /** Asks for a page, as a user does, and does by itself what the browser does before and after. */
  async visit(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    if (this.bound !== undefined && this.jar.get(this.bound.cookie) === undefined) await this.refresh();
    const answered = await this.ask('GET', path, headers);
    const invitation = answered.header('secure-session-registration');
    if (invitation !== undefined) this.invitation = invitation;
    if (invitation !== undefined && this.#binds) await this.register();
    return answered;
  }

  /** Sends a request with the cookies, and keeps those of the answer. */
  async ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const answered = await this.#send({ method, path, headers, cookies: this.jar.cookies({ path }) });
    this.jar.receive({ cookies: answered.setCookies });
    const challenge = answered.header('secure-session-challenge');
    if (challenge !== undefined) this.challenge = /^"([^"]+)"/.exec(challenge)?.[1];
    if (method === 'POST') this.own.push(`${path.split('/').at(-1)} ${answered.status}`);
    return answered;
  }

  /** Answers the last invitation with a new key. */
  async register(parts: ProofParts = {}, alg: Algorithm = this.#alg): Promise<Answered> {
    const { path, challenge, authorization } = this.invited;
    const key = await generateKeyPair(alg, { extractable: true });
    const answered = await this.ask('POST', path, {
      'secure-session-response': await sign(alg, key, challenge, {
        claims: { authorization, ...parts.claims },
        header: { jwk: await exportJWK(key.publicKey), ...parts.header },
      }),
    });
    if (answered.status === 200) {
      const { session_identifier: id, refresh_url: refreshUrl, credentials } = JSON.parse(answered.body);
      this.bound = { id, refreshUrl, cookie: credentials[0].name, key, alg };
    }
    return answered;
  }

  /** What the last invitation says. */
  get invited(): { readonly path: string; readonly challenge: string; readonly authorization: string } {
    const of = (name: string): string => new RegExp(`;${name}="([^"]*)"`).exec(this.invitation ?? '')?.[1] ?? '';
    return { path: of('path'), challenge: of('challenge'), authorization: of('authorization') };
  }

  /** Renews the bound cookie, as often as it is asked for another proof. What ends the session is forgotten. */
  async refresh(): Promise<Answered> {
    for (let attempt = 1; ; attempt += 1) {
      const answered = await this.prove();
      const isAskedAgain = answered.status === 403 && answered.header('secure-session-challenge') !== undefined;
      if (isAskedAgain && attempt < 4) continue;
      if (answered.status >= 400 && answered.status < 500) this.bound = undefined;
      return answered;
    }
  }

  /** One request for another bound cookie; without a challenge that it knows, it only asks. */
  async prove(parts: ProofParts = {}, more: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const { id, refreshUrl, key, alg } = this.bound!;
    const { challenge } = this;
    return this.ask('POST', refreshUrl, {
      'sec-secure-session-id': id,
      ...(challenge !== undefined && { 'secure-session-response': await sign(alg, key, challenge, parts) }),
      ...more,
    });
  }

  /** Closes it and opens it again: it knows the session and its key, and no challenge. */
  restart(): void {
    this.challenge = undefined;
  }
}

/** A proof, as the draft has it. */
export function sign(
  alg: Algorithm,
  key: Key,
  challenge: string,
  { header, claims }: ProofParts = {},
): Promise<string> {
  return new SignJWT({ jti: challenge, ...claims })
    .setProtectedHeader({ alg, typ: 'dbsc+jwt', ...header })
    .sign(key.privateKey);
}
