import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
  readonly setCookies: readonly string[];
}

/**
 * A browser with its cookie jar. The names of deployed URLs lead nowhere on this machine, so every request goes to one
 * port of 127.0.0.1 and names the host in its header, as it would over the network.
 */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #host: string;
  readonly #port: number;
  readonly #name: string;

  constructor(url: string, port: number, name: string) {
    this.#host = new URL(url).host;
    this.#port = port;
    this.#name = name;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  send(method: string, path: string, json?: unknown): Promise<Answer> {
    return this.#send(method, path, json === undefined ? undefined : [JSON.stringify(json), 'application/json']);
  }

  /** Submits a form, as a browser does without a script. */
  submit(path: string, fields: Record<string, string> = {}): Promise<Answer> {
    return this.#send('POST', path, [String(new URLSearchParams(fields)), 'application/x-www-form-urlencoded']);
  }

  async #send(method: string, path: string, sent?: readonly [body: string, type: string]): Promise<Answer> {
    const [body, type] = sent ?? [];
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const target = this.#targetOf(path);
    const request = httpRequest({
      host: '127.0.0.1',
      port: this.#port,
      method,
      path: target.path,
      headers: {
        host: target.host,
        'user-agent': this.#name,
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
      },
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const setCookies = response.headers['set-cookie'] ?? [];
    for (const setCookie of setCookies) this.#keep(setCookie);
    const content = await text(response);
    const isJson = response.headers['content-type']?.startsWith('application/json') === true;
    return { status: response.statusCode, body: isJson ? JSON.parse(content) : content, setCookies };
  }

  /** A `POST /login` ministack takes for its own, at whatever host; it has another way to name a function there. */
  #targetOf(path: string): { host: string; path: string } {
    if (path !== '/login') return { host: this.#host, path };
    const [id, service] = this.#host.split('.');
    const stage = service === 'execute-api' ? '/$default' : '';
    return { host: `127.0.0.1:${this.#port}`, path: `/_aws/${service}/${id}${stage}${path}` };
  }

  #keep(setCookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
    if (/; Max-Age=0(;|$)/.test(setCookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
