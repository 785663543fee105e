import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeThatHangs } from '../runtime/surroundings.js';
import { Browser } from './browser.js';
import { type Copying, Project, type Server } from './project.js';

/** How a page says that its application is made. */
interface Recipe extends Copying {
  readonly page: string;
  /** What a test adds to it. */
  readonly files?: Readonly<Record<string, string>>;
  /** The commands that check, test and build it. */
  readonly build: readonly string[];
  readonly start: string;
  /** The command that starts it without TLS around it. */
  readonly develop: string;
}

/** An application that was copied from a page, and runs. */
export class Application {
  readonly #recipe: Recipe;
  #project: Project | undefined;
  #store: Server | undefined;
  #server: Server | undefined;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  get project(): Project {
    return this.#project!;
  }

  /** Copies and builds, and starts the store and the server. */
  async open(): Promise<void> {
    this.#project = await Project.copiedFrom(this.#recipe.page, this.#recipe);
    for (const [file, code] of Object.entries(this.#recipe.files ?? {})) await this.#project.write(file, code);
    for (const command of this.#recipe.build) await this.#project.runAsShown(command);
    this.#store = await this.#project.serveStore();
    this.#server = await this.serve(this.#recipe.start);
  }

  async close(): Promise<void> {
    await this.#server?.stop();
    await this.#store?.stop();
    await this.#project?.[Symbol.asyncDispose]();
  }

  async serve(command: string, env: NodeJS.ProcessEnv = {}): Promise<Server> {
    const port = await freePort();
    return this.project.serveAsShown({ PORT: String(port), HOST: '127.0.0.1', ...env }, command);
  }

  /** A new browser, by `https:`. */
  visit(): Browser {
    return new Browser(this.#server!.url!, { tls: true });
  }
}

/** What a login on each page does. The application greets, counts visits, and has a form to log in and one to log out. */
export function describeLogin(recipe: Recipe): Application {
  const app = new Application(recipe);
  beforeAll(() => app.open());
  afterAll(() => app.close());

  it('keeps what is counted, through a login, until the logout', async () => {
    const browser = app.visit();
    expect(await browser.page('/')).toMatch(/Hello stranger, visit 1\./);
    expect(await browser.submit('/', 'Log in', { name: 'ann' })).toMatch(/Hello ann, visit 3\./);
    expect(await browser.page('/')).toMatch(/Hello ann, visit 4\./);
    expect(await browser.submit('/', 'Log out')).toMatch(/Hello stranger, visit 1\./);
  });

  it('sets one cookie, which no shared cache keeps, and another one at the login', async () => {
    const browser = app.visit();
    const { headers } = await browser.fetch('/');
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-id=[^;]+; /)]);
    expect(headers.get('cache-control')).toContain('no-store');
    const before = browser.token;
    const login = await browser.send(await browser.form('/', 'Log in', { name: 'ann' }));
    expect([login.status, login.headers.getSetCookie().length]).toEqual([303, 1]);
    expect(browser.token).not.toBe(before);
  });

  it('answers 503 while the store does not answer, and leaves the cookie alone', async () => {
    const browser = app.visit();
    await browser.submit('/', 'Log in', { name: 'ann' });
    await using store = await storeThatHangs();
    const cutOff = await app.serve(recipe.start, { AWS_ENDPOINT_URL_DYNAMODB: store.endpoint });
    try {
      const response = await browser.fetch(`${cutOff.url}/`);
      expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
    } finally {
      await cutOff.stop();
    }
    expect(await browser.page('/')).toContain('Hello ann');
  });

  it('sets a cookie that a browser keeps without TLS, in development', async () => {
    const server = await app.serve(recipe.develop);
    try {
      const browser = new Browser(server.url!, { tls: false });
      expect(await browser.submit('/', 'Log in', { name: 'ann' })).toContain('Hello ann');
      expect(browser.lastSetCookie).toMatch(/^id=[^;]+; /);
      expect(browser.lastSetCookie).not.toMatch(/secure/i);
    } finally {
      await server.stop();
    }
  });

  return app;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
