import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { CookieAction } from '../../src/index.js';
import { sign } from '../world/device-browser.js';
import type { DeviceAsk } from './history.js';
import type { DeviceErrand } from './plan.js';

/** A key, by a number that no other of the history has. */
interface Key {
  readonly number: number;
  readonly pair: Awaited<ReturnType<typeof generateKeyPair>>;
  readonly jwk: JWK;
}

/** A session that a browser has bound. */
export interface Device {
  readonly session: string;
  readonly key: Key;
}

/** What a browser asks by itself: as it goes into the history, and the headers that say it. */
export interface DeviceQuestion {
  readonly ask: DeviceAsk;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: Key;
}

/** What it is answered. */
export interface DeviceReply {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly cookie: CookieAction;
  readonly boundCookie: { readonly token: string; readonly maxAge: number } | undefined;
}

/** A browser: its cookies, and the key by which it has bound a session. A thief has the cookies alone. */
export class Browser {
  readonly name: string;
  readonly #newNumber: () => number;
  /** The session cookie. */
  token: string | undefined;
  #boundCookie: { readonly token: string; readonly until: number } | undefined;
  #invitation: { readonly session: string; readonly challenge: string } | undefined;
  /** Whether it has yet to answer its invitation. */
  isInvited = false;
  device: Device | undefined;
  /** The challenge to answer next, and the one answered last. */
  #next: string | undefined;
  #last: string | undefined;

  constructor(name: string, newNumber: () => number) {
    this.name = name;
    this.#newNumber = newNumber;
  }

  /** Has the cookies of another from now on, and shows them for as long as they may be good for something. */
  steal(other: Browser): void {
    this.token = other.token;
    if (other.#boundCookie !== undefined)
      this.#boundCookie = { ...other.#boundCookie, until: Number.POSITIVE_INFINITY };
  }

  boundToken(now: number): string | undefined {
    return this.#boundCookie !== undefined && now < this.#boundCookie.until ? this.#boundCookie.token : undefined;
  }

  receive(cookie: CookieAction): void {
    if (cookie.kind === 'keep') return;
    this.token = cookie.kind === 'set' ? cookie.token : undefined;
    const invitation = cookie.kind === 'set' ? cookie.headers?.['secure-session-registration'] : undefined;
    if (invitation === undefined) return;
    const of = (name: string): string => new RegExp(`;${name}="([^"]*)"`).exec(invitation)?.[1] as string;
    this.#invitation = { session: of('authorization'), challenge: of('challenge') };
    this.isInvited = true;
  }

  /** What it does by itself before its next request, if anything. */
  due(now: number): DeviceErrand['kind'] | undefined {
    if (this.isInvited) return 'register';
    return this.device !== undefined && this.boundToken(now) === undefined ? 'refresh' : undefined;
  }

  /**
   * What it asks. Without an invitation, it makes up a challenge, and without a session of its own that is bound, it
   * comes with a key that nobody knows.
   */
  async question({
    kind,
    crossSite = false,
    again = false,
  }: Pick<DeviceErrand, 'kind'> & Partial<DeviceErrand>): Promise<DeviceQuestion | undefined> {
    const token = crossSite ? undefined : this.token;
    const own = this.token && idIn(this.token);
    if (kind === 'register') {
      const { session = own, challenge = 'A'.repeat(32) } = this.#invitation ?? {};
      if (session === undefined) return undefined;
      this.isInvited = false;
      const key = await this.#newKey();
      const parts = { claims: { authorization: session }, header: { jwk: key.jwk } };
      return {
        ask: { kind, token, names: session, key: key.number, challenge },
        headers: { 'secure-session-response': await sign('ES256', key.pair, challenge, parts) },
        key,
      };
    }
    const session = this.device?.session ?? own;
    if (session === undefined) return undefined;
    const key = this.device?.key ?? (await this.#newKey());
    const challenge = again ? this.#last : this.#next;
    this.#last = challenge;
    return {
      ask: { kind, token, names: session, key: key.number, challenge },
      headers: {
        'sec-secure-session-id': session,
        ...(challenge !== undefined && { 'secure-session-response': await sign('ES256', key.pair, challenge) }),
      },
      key,
    };
  }

  /** Takes the answer in. Returns whether it is asked to prove its key once more. */
  learn({ ask, key }: DeviceQuestion, { status, challenge, cookie, boundCookie }: DeviceReply, now: number): boolean {
    this.receive(cookie);
    if (boundCookie !== undefined) this.#boundCookie = { token: boundCookie.token, until: now + boundCookie.maxAge };
    if (challenge !== undefined) this.#next = challenge;
    const isAskedAgain = status === 403 && challenge !== undefined;
    if (status === 200 && ask.kind === 'register') this.device = { session: ask.names, key };
    else if (ask.kind === 'refresh' && status >= 400 && status < 500 && !isAskedAgain) this.device = undefined;
    return isAskedAgain;
  }

  async #newKey(): Promise<Key> {
    const number = this.#newNumber();
    KEYS[number] ??= generateKey(number);
    return KEYS[number];
  }
}

/** By their numbers. They are made once, for all histories. */
const KEYS: Promise<Key>[] = [];

async function generateKey(number: number): Promise<Key> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  return { number, pair, jwk: await exportJWK(pair.publicKey) };
}

/** The ID in a session cookie. */
export const idIn = (token: string): string => token.slice(0, token.indexOf('.'));
