import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AttemptTimes } from '../table/attempt-times.js';
import { closeIdle } from '../table/idle-connections.js';
import { wholeBody } from './whole-body.js';

/** An answer, as it came. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** The longest answer of DynamoDB is 16 MB; in JSON, bytes take a third more. */
const MOST_BYTES = 32_000_000;

/** Connections to one endpoint, which are kept for the next request. After a failure, the next one has a new one. */
export class Connection {
  readonly #endpoint: URL;
  readonly #times: AttemptTimes;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpsRequest;

  constructor(endpoint: URL, times: AttemptTimes) {
    this.#endpoint = endpoint;
    this.#times = times;
    const isSecure = endpoint.protocol === 'https:';
    const options = { keepAlive: true, scheduling: 'lifo' } as const;
    this.#agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
    this.#request = isSecure ? httpsRequest : (httpRequest as typeof httpsRequest);
  }

  /** Makes a connection that the first request then finds. That it cannot be made, the first request will tell. */
  open(): void {
    this.#ask('GET', {}, '').catch(() => {});
  }

  /**
   * One attempt, from the connection to the last byte of the answer.
   *
   * @throws an error without anything that was sent or received in it
   */
  async post(headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#ask('POST', headers, body, signal);
    } catch (error) {
      closeIdle(this.#agent);
      throw error;
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#agent.destroy();
  }

  #ask(
    method: 'GET' | 'POST',
    headers: Readonly<Record<string, string>>,
    body: string,
    signal?: AbortSignal,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(this.#endpoint, { method, headers, agent: this.#agent, ...(signal && { signal }) });
      const giveUp = (why: string): void => {
        request.destroy(Object.assign(new Error(why), { name: 'TimeoutError' }));
      };
      const connecting = setTimeout(giveUp, this.#times.connectMs, 'No connection was made in time.');
      const attempt = setTimeout(giveUp, this.#times.attemptMs, 'The answer did not come in time.');
      const connected = (): void => clearTimeout(connecting);
      const settle = (): void => {
        connected();
        clearTimeout(attempt);
      };
      request.on('socket', (socket) => {
        if (!socket.connecting) connected();
        else socket.once(this.#endpoint.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      });
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
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
  }
}
