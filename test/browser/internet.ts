import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from './certificate.js';

/** A request, and what came back. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** The pairs of its Cookie header. */
  readonly cookies: readonly string[];
  /** What the answer sets, once there is one. */
  readonly setCookies: readonly string[];
}

/** Requests that have arrived and wait for the test. */
export interface Held {
  /** Resolves when all of them have arrived. */
  readonly arrived: Promise<void>;
  /** Lets them go on. */
  readonly release: () => void;
}

type Matches = (request: { readonly method: string; readonly url: string }) => boolean;

/** All sites that a browser under test can reach: on this machine, by name, over HTTPS and over plain HTTP. */
export class Internet {
  readonly publicKeyHash: string;
  /** Everything that was sent to one of the sites, in order of arrival. */
  exchanges: Exchange[] = [];
  readonly #sites = new Map<string, RequestListener>();
  readonly #secure: Server;
  readonly #plain: Server;
  #onTheWay: (exchange: Exchange) => Promise<void> = () => Promise.resolve();
  #lost: Matches | undefined;

  static async open(): Promise<Internet> {
    const { publicKeyHash, ...tls } = await makeCertificate();
    const internet = new Internet(publicKeyHash, tls);
    await Promise.all(
      [internet.#secure, internet.#plain].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')),
    );
    return internet;
  }

  private constructor(publicKeyHash: string, tls: { readonly key: string; readonly cert: string }) {
    this.publicKeyHash = publicKeyHash;
    this.#secure = createSecureServer(tls, this.#answerAs('https'));
    this.#plain = createServer(this.#answerAs('http'));
  }

  get securePort(): number {
    return (this.#secure.address() as AddressInfo).port;
  }

  get plainPort(): number {
    return (this.#plain.address() as AddressInfo).port;
  }

  /** Puts a site at a name such as `shop.test`. */
  serve(name: string, site: RequestListener): void {
    this.#sites.set(name, site);
  }

  /** Keeps the next such requests on their way: they have left the browser, with its cookie, and not reached their site. */
  hold(count: number, matches: Matches): Held {
    const [all, go] = [newSignal(), newSignal()];
    this.#onTheWay = async (exchange) => {
      if (count === 0 || !matches(exchange)) return;
      count--;
      if (count === 0) all.give();
      await go.given;
    };
    return { arrived: all.given, release: go.give };
  }

  /** Breaks the connection of the next such request when the site has answered it. */
  loseNextAnswer(matches: Matches): void {
    this.#lost = matches;
  }

  /** Begins {@link exchanges} anew. */
  forget(): void {
    this.exchanges = [];
  }

  async close(): Promise<void> {
    for (const server of [this.#secure, this.#plain]) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }

  #answerAs(scheme: 'http' | 'https'): RequestListener {
    return (request, response) => void this.#answer(scheme, request, response);
  }

  async #answer(scheme: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const exchange = {
      method,
      url: `${scheme}://${headers.host}${request.url}`,
      cookies: headers.cookie?.split('; ') ?? [],
      setCookies: [] as readonly string[],
    };
    const site = this.#sites.get(headers.host ?? '');
    if (site === undefined) return void response.writeHead(404).end(); // the browser's own business
    this.exchanges.push(exchange);
    await this.#onTheWay(exchange);

    const isLost = this.#lost?.(exchange) === true;
    if (isLost) this.#lost = undefined;
    const end = response.end.bind(response);
    response.end = (chunk?: unknown) => {
      exchange.setCookies = [response.getHeader('set-cookie') ?? []].flat().map(String);
      return isLost ? response.destroy() : end(chunk);
    };
    site(request, response);
  }
}

interface Signal {
  readonly given: Promise<void>;
  readonly give: () => void;
}

function newSignal(): Signal {
  let give!: () => void;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}
