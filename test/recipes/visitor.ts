import type { HttpApiEvent, HttpApiResult } from '../../src/lambda/index.js';
import { CookieJar, httpApiEvent } from '../../src/testing/index.js';

/** A Lambda handler behind an HTTP API. */
export type Handler = (event: HttpApiEvent, context: object) => Promise<HttpApiResult>;

type Form = Readonly<Record<string, string>>;

/** What came back. */
interface Answer {
  /** The URL that was asked for last. */
  readonly url: string;
  readonly status: number;
  readonly body: string;
  /** Where it redirects to. */
  readonly location: string | undefined;
}

const MOST_STEPS = 20;

/** Somebody with a browser without scripts. It keeps the cookies of an application, and those of one other site. */
export class Visitor {
  readonly #jar = new CookieJar();
  readonly #elsewhere = new CookieJar();
  readonly #origin: string;
  readonly #handler: Handler;

  constructor(origin: string, handler: Handler) {
    this.#origin = origin;
    this.#handler = handler;
  }

  /** The token in the session's cookie. */
  get token(): string | undefined {
    return this.#jar.get('__Host-id');
  }

  /** Somebody else, with a copy of this session's cookie. */
  thief(): Visitor {
    const thief = new Visitor(this.#origin, this.#handler);
    thief.#jar.receive({ cookies: [`__Host-id=${this.token}; Path=/; Secure`] });
    return thief;
  }

  /** Asks for a page, or sends a form. A redirect is not followed. */
  async send(url: string, form?: Form, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const whole = new URL(url, this.#origin);
    const body = form && new URLSearchParams(form).toString();
    if (whole.origin !== this.#origin) return this.#sendElsewhere(whole, body);
    const event = httpApiEvent({
      path: whole.pathname,
      query: Object.fromEntries(whole.searchParams),
      headers,
      jar: this.#jar,
      ...(body !== undefined && { body }),
    });
    // API Gateway encodes a form in base64.
    const encoded = body !== undefined && { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
    const result = this.#jar.receive(await this.#handler({ ...event, ...encoded }, {})) as Exclude<
      HttpApiResult,
      string
    >;
    const location = result.headers?.['location'];
    return {
      url: whole.href,
      status: result.statusCode ?? 200,
      body: result.body ?? '',
      location: location === undefined ? undefined : new URL(String(location), whole).href,
    };
  }

  /** Goes where redirects lead, up to a page, or to a redirect to what `stops`. At the other site it sends all forms. */
  async go(url: string, form: Form = {}, stops: (url: string) => boolean = () => false): Promise<Answer> {
    let answer = await this.send(url);
    for (let step = 0; step < MOST_STEPS; step++) {
      const { location, body } = answer;
      const action = /<form[^>]* action="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');
      if (location !== undefined) {
        if (stops(location)) return answer;
        answer = await this.send(location);
      } else if (action !== undefined && !answer.url.startsWith(this.#origin)) {
        answer = await this.send(new URL(action, answer.url).href, { ...fieldsOf(body), ...form });
      } else {
        return answer;
      }
    }
    throw new Error(`There is no end to the redirects, the last of which leads to ${answer.location}.`);
  }

  async #sendElsewhere(url: URL, body: string | undefined): Promise<Answer> {
    const cookie = this.#elsewhere.header({ path: url.pathname }); // to this machine also what is Secure, as browsers do
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
    const init: RequestInit = { redirect: 'manual', headers, ...(body !== undefined && { method: 'POST', body }) };
    const response = this.#elsewhere.receive(await fetch(url, init));
    const location = response.headers.get('location');
    return {
      url: url.href,
      status: response.status,
      body: await response.text(),
      location: location === null ? undefined : new URL(location, url).href,
    };
  }
}

/** What the inputs and buttons of a page hold. */
function fieldsOf(html: string): Form {
  const attribute = (tag: string, name: string): string | undefined => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  const tags = [...html.matchAll(/<(?:input|button)[^>]*>/g)].map(([tag]) => tag);
  const fields = tags.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')] as const);
  return Object.fromEntries(fields.filter((field): field is [string, string] => !field.includes(undefined)));
}
