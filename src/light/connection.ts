import type { Agent as HttpAgent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { AttemptTimes } from '../table/attempt-times.js';
import { closeIdle } from '../table/idle-connections.js';
import { plainHttp } from '../table/plain-http.js';
import { wholeBody } from './whole-body.js';

/** An answer, as it came. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** One attempt that is under way. */
export interface Attempt {
  /** Rejects with an error that holds nothing of what was sent or received. */
  readonly answer: Promise<HttpAnswer>;
  /** Nobody waits for it any more. */
  readonly stop: () => void;
}

/** The longest answer of DynamoDB is 16 MB; in JSON, bytes take a third more. */
const MOST_BYTES = 32_000_000;

/** Connections to one endpoint, which are kept for the next request. After a failure, the next one has a new one. */
export class Connection {
  readonly #times: AttemptTimes;
  readonly #agent: HttpAgent;
  readonly #request: (options: RequestOptions) => ClientRequest;
  readonly #options: RequestOptions;
  readonly #connected: 'connect' | 'secureConnect';

  constructor(endpoint: URL, times: AttemptTimes) {
    this.#times = times;
    const isSecure = endpoint.protocol === 'https:';
    const options = { keepAlive: true, scheduling: 'lifo' } as const;
    this.#agent = isSecure ? new HttpsAgent(options) : new (plainHttp().Agent)(options);
    this.#request = isSecure ? httpsRequest : plainHttp().request;
    this.#connected = isSecure ? 'secureConnect' : 'connect';
    const { protocol, hostname, port, path } = urlToHttpOptions(endpoint);
    this.#options = { protocol, hostname, port, path, agent: this.#agent };
  }

  /** Makes a connection that the first request then finds. That it cannot be made, the first request will tell. */
  open(host: string): void {
    this.#ask('GET', { host }, '').answer.catch(() => {});
  }

  /** One attempt, from the connection to the last byte of the answer. */
  post(headers: Readonly<Record<string, string>>, body: string): Attempt {
    return this.#ask('POST', headers, body);
  }

  /** Ends all connections. */
  close(): void {
    this.#agent.destroy();
  }

  #ask(method: 'GET' | 'POST', headers: Readonly<Record<string, string>>, body: string): Attempt {
    // As a list, they are sent as they are: Node.js neither looks through them nor copies them.
    const list = ['content-length', String(Buffer.byteLength(body))];
    for (const name of Object.keys(headers)) list.push(name, headers[name] as string);
    const request = this.#request({ ...this.#options, method, headers: list });
    const giveUp = (why: string): void => {
      request.destroy(Object.assign(new Error(why), { name: 'TimeoutError' }));
    };
    const answer = new Promise<HttpAnswer>((resolve, reject) => {
      let connecting: NodeJS.Timeout | undefined;
      const attempt = setTimeout(giveUp, this.#times.attemptMs, 'The answer did not come in time.');
      const settle = (): void => {
        clearTimeout(connecting);
        clearTimeout(attempt);
      };
      const fail = (error: Error): void => {
        settle();
        closeIdle(this.#agent);
        reject(error);
      };
      request.on('socket', (socket) => {
        if (!socket.connecting) return;
        connecting = setTimeout(giveUp, this.#times.connectMs, 'No connection was made in time.');
        socket.once(this.#connected, () => clearTimeout(connecting));
      });
      request.on('error', fail);
      request.on('response', (response) => {
        const { statusCode: status = 0, headers: answered } = response;
        wholeBody(response, MOST_BYTES).then((whole) => {
          settle();
          resolve({ status, headers: answered, body: whole });
        }, fail);
      });
      // An answer that switches to another protocol is neither a response nor an error.
      request.on('upgrade', (_response, socket) => {
        socket.destroy();
        fail(new Error('The answer is of another protocol.'));
      });
      request.end(body);
    });
    return { answer, stop: () => giveUp('Nobody waits for it.') };
  }
}
