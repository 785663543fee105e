/** A browser without scripts: it keeps cookies, and sends forms. */
export class Browser {
  readonly #url: string;
  readonly #tls: boolean;
  lastSetCookie = '';
  readonly #cookies = new Map<string, string>();

  /** With TLS, there is a load balancer in between, which ends it, and says so. */
  constructor(url: string, { tls }: { readonly tls: boolean }) {
    this.#url = url;
    this.#tls = tls;
  }

  /** The token in the session's cookie. */
  get token(): string | undefined {
    return this.#cookies.get('__Host-id');
  }

  async fetch(path: string, init: RequestInit & { readonly headers?: Record<string, string> } = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      accept: 'text/html',
      ...(this.#tls && { 'x-forwarded-proto': 'https' }),
      ...init.headers,
      ...(cookie !== '' && { cookie }),
    };
    const response = await fetch(new URL(path, this.#url), { redirect: 'manual', ...init, headers });
    for (const setCookie of response.headers.getSetCookie()) this.#keep(setCookie);
    return response;
  }

  /** The text of a page. */
  async page(path: string): Promise<string> {
    return (await this.fetch(path)).text();
  }

  /** The form of a page that has this button, filled in. */
  async form(path: string, button: string, fields: Readonly<Record<string, string>> = {}): Promise<Form> {
    const page = await this.page(path);
    const form = [...page.matchAll(/<form.*?<\/form>/gs)].map(([text]) => text).find((text) => text.includes(button));
    if (form === undefined) throw new Error(`There is no form with the button "${button}" in ${page}`);
    const [tag] = /^<form[^>]*>/.exec(form) as RegExpExecArray;
    const body = /enctype="multipart\/form-data"/i.test(tag) ? new FormData() : new URLSearchParams();
    for (const [, name, value] of form.matchAll(/<input type="hidden" name="([^"]*)"(?: value="([^"]*)")?/g))
      body.set(name as string, value ?? '');
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const action = /action="([^"]*)"/.exec(tag)?.[1] ?? '';
    return { path: new URL(action, new URL(path, this.#url)).href, body };
  }

  /** Sends what a form of a page would send. */
  async send({ path, body }: Form): Promise<Response> {
    const origin = `${this.#tls ? 'https' : 'http'}://${new URL(this.#url).host}`;
    return this.fetch(path, { method: 'POST', body, headers: { origin } });
  }

  /** Fills in a form, sends it, and goes where the answer leads. Returns the text of the page. */
  async submit(path: string, button: string, fields?: Readonly<Record<string, string>>): Promise<string> {
    const response = await this.send(await this.form(path, button, fields));
    const location = response.headers.get('location');
    return location === null ? response.text() : this.page(location);
  }

  #keep(setCookie: string): void {
    this.lastSetCookie = setCookie;
    const [pair = '', ...attributes] = setCookie.split('; ');
    const [name = '', value = ''] = pair.split('=');
    const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice('expires='.length);
    const isOver = attributes.some((attribute) => /^max-age=0$/i.test(attribute)) || Date.parse(expires ?? '') <= 0;
    if (isOver || (expires !== undefined && Date.parse(expires) <= Date.now())) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

interface Form {
  readonly path: string;
  readonly body: FormData | URLSearchParams;
}
