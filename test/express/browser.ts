/** A browser that keeps one site's cookies. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  /** Another one with the same cookies: a copy of the profile, or a thief. */
  copy(url = this.#url): Browser {
    const copy = new Browser(url, this.#headers);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  /** Follows a redirect, as browsers do, with the cookies that came with it. */
  async send(method: string, path: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...this.#headers, ...(cookie === '' ? {} : { cookie }) };
    const response = await fetch(this.#url + path, { method, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#receive(line);
    const location = response.headers.get('location');
    return location === null ? { status: response.status, body: await response.json() } : this.send('GET', location);
  }

  /** What the application finds in the session. */
  async session(): Promise<unknown> {
    return (await this.send('GET', '/session')).body;
  }

  #receive(setCookie: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(setCookie) as unknown as [string, string, string];
    if (/expires=Thu, 01 Jan 1970/i.test(setCookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
