import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { HttpApiResult } from '../../src/lambda/index.js';
import { httpApiEvent } from '../../src/testing/index.js';
import type { Handler } from './visitor.js';

/** What a provider has sent, and what it was answered. */
export interface Delivery {
  readonly path: string;
  /** The logout token, or the security event token. */
  readonly token: string;
  readonly status: number;
  readonly body: string;
}

/** What stands before handlers, where a provider reaches them: an API Gateway. */
export class Gateway implements AsyncDisposable {
  readonly deliveries: Delivery[] = [];
  /** By path. */
  readonly handlers = new Map<string, Handler>();
  readonly #server = createServer((request, response) => void this.#forward(request, response));

  static async open(): Promise<Gateway> {
    const gateway = new Gateway();
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { 'content-type': type = '', authorization } = request.headers;
    const path = request.url ?? '/';
    const headers = { 'content-type': type, ...(authorization !== undefined && { authorization }) };
    const event = httpApiEvent({ method: 'POST', path, headers, body: 'x' });
    const encoded = { ...event, body: body.toString('base64'), isBase64Encoded: true };
    const result = (await this.handlers.get(path)!(encoded, {})) as Exclude<HttpApiResult, string>;
    const { statusCode: status = 200, body: answer = '' } = result;
    const token = new URLSearchParams(body.toString()).get('logout_token') ?? body.toString();
    this.deliveries.push({ path, token, status, body: answer });
    response.writeHead(status, result.headers as Record<string, string>).end(answer);
  }
}

/** The header and the claims of a token, as they are. */
export const partsOf = (token: string): unknown[] =>
  token.split('.', 2).map((part) => JSON.parse(String(Buffer.from(part, 'base64url'))) as unknown);
