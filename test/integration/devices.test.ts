import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeleteTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { invoke } from '../../examples/devices/lambda-http.js';
import { CookieJar } from '../../src/testing/index.js';
import { type Engine, engines } from '../engines/index.js';
import { clientFor } from '../world/tables.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guard = fileURLToPath(new URL('../engines/guard.js', import.meta.url));
const run = promisify(execFile);

/** The built package, in a folder of its own: what is in dist/ stays as it is. */
let built: string;

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true });
  built = await mkdtemp(join(root, '.cache/devices-'));
  const tsc = (project: string, ...options: string[]): Promise<unknown> =>
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project, '--noCheck', ...options], { cwd: root });
  await Promise.all([
    copyFile(join(root, 'package.json'), join(built, 'package.json')),
    tsc('tsconfig.build.json', '--outDir', join(built, 'dist')),
    tsc('tsconfig.examples.json', '--outDir', join(built, 'examples/dist')),
  ]);
}, 60_000);

afterAll(() => rm(built, { recursive: true, force: true }));

/** The demo as a process. */
class Demo {
  readonly url: string;
  /** All that it has printed. */
  readonly output: () => string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  private constructor(child: ChildProcess, url: string, output: () => string) {
    this.url = url;
    this.output = output;
    this.#process = child;
    this.#ended = once(child, 'exit');
  }

  static async start(env: NodeJS.ProcessEnv = {}, command: readonly string[] = []): Promise<Demo> {
    const child = spawnDemo(env, command);
    let output = '';
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const printed = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
        if (printed !== undefined) resolve(printed);
      });
      child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('exit', () => reject(new Error(`The demo ended while starting:\n${output}`)));
    });
    return new Demo(child, url, () => output);
  }

  /** Under the guard the demo ends at the latest with this process. */
  static guarded(env: NodeJS.ProcessEnv = {}): Promise<Demo> {
    return Demo.start(env, [guard, process.execPath]);
  }

  async signal(signal: NodeJS.Signals): Promise<unknown[]> {
    this.#process.kill(signal);
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    if (this.#process.exitCode === null) await this.signal('SIGTERM');
  }
}

function spawnDemo(env: NodeJS.ProcessEnv, command: readonly string[] = []): ChildProcess {
  const { PORT: _, DYNAMODB_ENDPOINT: __, ...rest } = process.env;
  return spawn(process.execPath, [...command, join(built, 'examples/dist/devices/serve.js')], {
    env: { ...rest, PORT: '0', ...env },
    stdio: 'pipe',
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly setCookies: readonly string[];
}

/** A browser: it keeps cookies, and says who it is. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly #demo: Demo;
  readonly #name: string;

  constructor(demo: Demo, name: string) {
    this.#demo = demo;
    this.#name = name;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  async send(method: string, path: string, json?: unknown, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(this.#demo.url + path, {
      method,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...init,
      headers: {
        'user-agent': this.#name,
        ...(this.cookies.size === 0 ? {} : { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    const setCookies = response.headers.getSetCookie();
    for (const setCookie of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
      if (/; Max-Age=0(;|$)/.test(setCookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text, setCookies };
  }

  async signedIn(name: string, exclusive?: boolean): Promise<this> {
    const { status } = await this.send('POST', '/login', { name, ...(exclusive === undefined ? {} : { exclusive }) });
    if (status !== 200) throw new Error(`The sign-in was answered with ${status}.`);
    return this;
  }

  async userId(): Promise<unknown> {
    return ((await this.get('/session')).body as { userId: unknown }).userId;
  }

  async devices(): Promise<{ id: string; current: boolean; userAgent: string }[]> {
    return (await this.get('/devices')).body as { id: string; current: boolean; userAgent: string }[];
  }
}

const others = engines().filter(({ name }) => name !== 'dynalite');
const places = [
  { where: 'on the engine that it brings', engine: undefined },
  ...others.map((engine) => ({ where: `on ${engine.name} by DYNAMODB_ENDPOINT`, engine })),
];

describe.each(places)('the demo, $where', ({ engine }) => {
  const tableName = `devices-${randomUUID()}`;
  const env = engine === undefined ? {} : { DYNAMODB_ENDPOINT: engine.endpoint, DYNAMODB_SESSIONS_TABLE: tableName };
  let demo: Demo;
  const laptop = (): Browser => new Browser(demo, 'laptop');
  const phone = (): Browser => new Browser(demo, 'phone');
  const someone = (): string => `user-${randomUUID()}`;

  beforeAll(async () => {
    demo = await Demo.guarded(env);
  });
  afterAll(async () => {
    await demo.stop();
    if (engine === undefined) return;
    const client = clientFor(engine);
    await client.send(new DeleteTableCommand({ TableName: tableName }));
    client.destroy();
  });

  it('has a page that loads nothing else', async () => {
    const { status, headers, body } = await laptop().get('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(body).toMatch(/^<!doctype html>/);
    expect(body).not.toMatch(/https?:/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('says with each answer what it cost, however many are under way', async () => {
    const [known, stranger] = [await laptop().signedIn(someone()), phone()];
    const costOf = async (answer: Promise<Answer>): Promise<string | null> =>
      (await answer).headers.get('server-timing');
    const costs = await Promise.all(
      Array.from({ length: 10 }, async () => [
        await costOf(known.get('/session')),
        await costOf(stranger.get('/')),
        await costOf(known.get('/')),
      ]),
    );
    const view = 'dynamodb;desc="1 call, 1 R"';
    expect(costs).toEqual(Array(10).fill([view, 'dynamodb;desc="0 calls"', view]));
    const change = await known.send('PUT', '/data/theme', 'dark');
    expect(change.headers.get('server-timing')).toBe('dynamodb;desc="2 calls, 1 R 1 W"');
  });

  it('takes forms as well, and answers the page’s script with the page', async () => {
    const name = someone();
    const browser = laptop();
    const submit = async (path: string, fields: Record<string, string>, said: string): Promise<void> => {
      const { status, body } = await browser.send('POST', path, undefined, { body: new URLSearchParams(fields) });
      expect([path, status, body]).toEqual([path, 200, expect.stringContaining(`role="status">${said}</div>`)]);
    };
    await submit('/login', { name, exclusive: 'on' }, `You are signed in as ${name}.`);
    await submit('/theme', { theme: 'dark' }, 'The theme is dark.');
    await submit('/cart', { article: 'a lamp' }, 'Added a lamp.');
    await submit('/cart', { article: 'some tea' }, 'Added some tea.');
    await submit('/cart/0/remove', {}, 'Removed.');
    await submit('/regenerate', {}, 'The cookie has a new secret; the old one is good for nothing.');
    expect((await browser.get('/session')).body).toMatchObject({
      userId: name,
      data: { theme: 'dark', cart: ['some tea'] },
    });

    await submit('/theme', { theme: 'system' }, 'The theme is system.');
    expect(((await browser.get('/session')).body as { data: object }).data).toEqual({ cart: ['some tea'] });
    const other = await phone().signedIn(name);
    await submit('/logout-others', {}, 'You are logged out on all other devices.');
    expect([await browser.userId(), await other.userId()]).toEqual([name, null]);
    await submit('/logout', {}, 'You are logged out on this device.');
    expect(await browser.userId()).toBeNull();
  });

  it('stores what a session holds so that only its cookie opens it, and shows both (E4)', async () => {
    const browser = await laptop().signedIn(someone());
    await browser.send('PUT', '/data/theme', 'a-lamp');
    const first = storedIn(await browser.get('/'));
    expect(Object.keys(first)).toEqual(['data.theme', 'wrappedKey']);
    expect(first['data.theme']).toHaveLength('"a-lamp"'.length + 29);
    expect(Buffer.concat(Object.values(first)).includes('lamp')).toBe(false);
    expect(await dump(engine, tableName)).not.toContain('a-lamp');
    expect((await browser.get('/session')).body).toMatchObject({ data: { theme: 'a-lamp' } });

    await browser.send('POST', '/regenerate');
    const second = storedIn(await browser.get('/'));
    expect(second['data.theme']).toEqual(first['data.theme']);
    expect(second['wrappedKey']).not.toEqual(first['wrappedKey']);
    expect((await browser.get('/session')).body).toMatchObject({ data: { theme: 'a-lamp' } });
  });

  it('shows with what has just been written, what the table holds now', async () => {
    const stranger = laptop();
    const add = async (article: string): Promise<Answer> =>
      stranger.send('POST', '/cart', undefined, { body: new URLSearchParams({ article }) });
    for (const article of ['a lamp', 'some tea']) {
      const written = storedIn(await add(article));
      expect(Object.keys(written)).toEqual(['data.cart', 'wrappedKey']);
      expect(written).toEqual(storedIn(await stranger.get('/')));
    }
  });

  it('shows nothing of a session to whoever had its cookie before a login', async () => {
    const [owner, thief] = [laptop(), laptop()];
    const setTheme = async (browser: Browser): Promise<Answer> =>
      browser.send('POST', '/theme', undefined, { body: new URLSearchParams({ theme: 'dark' }) });
    await setTheme(owner);
    for (const [name, value] of owner.cookies) thief.cookies.set(name, value);
    expect(Object.keys(storedIn(await thief.get('/')))).toEqual(['data.theme', 'wrappedKey']);
    await owner.signedIn(someone());
    for (const answer of [await setTheme(thief), await thief.get('/')]) expect(storedIn(answer)).toEqual({});
  });

  it.each([{}, { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' }])(
    'sends a browser without scripts back to the page, with its cookie: %o',
    async (headers) => {
      // `fetch` would say that it is a script.
      const submitted = request(`${demo.url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }).end(`name=${someone()}`);
      const [answer] = (await once(submitted, 'response')) as [IncomingMessage];
      answer.resume();
      expect(answer).toMatchObject({
        statusCode: 303,
        headers: { location: '/', 'set-cookie': [expect.stringMatching(/^id=/)] },
      });
    },
  );

  it.each<[string, string, Record<string, string>, number]>([
    ['a name that is blank', '/login', { name: ' ' }, 400],
    ['a theme that is none', '/theme', { theme: 'pink' }, 400],
    ['an article that is too long', '/cart', { article: 'x'.repeat(61) }, 400],
    ['a stranger who logs out the others', '/logout-others', {}, 401],
    ['a stranger who revokes a device', '/devices/a/revoke', {}, 401],
  ])('refuses a form with %s on a page that says why', async (_, path, fields, status) => {
    const answer = await laptop().send('POST', path, undefined, { body: new URLSearchParams(fields) });
    expect(answer).toMatchObject({
      status,
      setCookies: [],
      body: expect.stringMatching(/<p id="reason" role="alert"/),
    });
  });

  it('knows nothing of a stranger, and stores nothing', async () => {
    const stranger = laptop();
    const stored = await count(engine, tableName);
    for (const path of ['/', '/session']) expect((await stranger.get(path)).setCookies).toEqual([]);
    expect((await stranger.get('/session')).body).toEqual({ userId: null });
    expect(await stranger.get('/devices')).toMatchObject({ status: 401, body: { error: 'Sign in first.' } });
    expect((await stranger.send('POST', '/logout')).setCookies).toEqual([]);
    expect(await count(engine, tableName)).toBe(stored);
  });

  it('signs in, and keeps data from request to request', async () => {
    const name = someone();
    const browser = laptop();
    const login = await browser.send('POST', '/login', { name, exclusive: false });
    expect(login.setCookies).toEqual([
      expect.stringMatching(/^id=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/),
    ]);

    expect((await browser.send('PUT', '/data/theme', 'dark')).body).toEqual({ data: { theme: 'dark' } });
    await browser.send('PUT', '/data/cart', ['a lamp', { sku: 7 }]);
    const { body, setCookies } = await browser.get('/session');
    const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    expect(body).toEqual({
      userId: name,
      data: { theme: 'dark', cart: ['a lamp', { sku: 7 }] },
      createdAt: date,
      lastSeenAt: date,
      expiresAt: date,
    });
    expect(setCookies).toEqual([]);

    await browser.send('DELETE', '/data/cart');
    expect((await browser.get('/session')).body).toMatchObject({ data: { theme: 'dark' } });
  });

  it('keeps what a stranger did when the stranger signs in', async () => {
    const browser = laptop();
    await browser.send('PUT', '/data/cart', ['a lamp']);
    expect((await browser.get('/session')).body).toMatchObject({ userId: null, data: { cart: ['a lamp'] } });
    await browser.signedIn(someone());
    expect((await browser.get('/session')).body).toMatchObject({ data: { cart: ['a lamp'] } });
  });

  it('gives a value to one of those who take it', async () => {
    const browser = await laptop().signedIn(someone());
    await browser.send('PUT', '/data/challenge', 'abc');
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.send('POST', '/take/challenge')));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404, 404, 404]);
    expect(answers.find(({ status }) => status === 200)?.body).toEqual({ value: 'abc' });
  });

  it('ends this session at a logout, and takes its cookie away', async () => {
    const name = someone();
    const [here, there] = [await laptop().signedIn(name), await phone().signedIn(name)];
    const copy = laptop();
    for (const [cookie, value] of here.cookies) copy.cookies.set(cookie, value);
    expect((await here.send('POST', '/logout')).body).toEqual({ userId: null });
    expect(here.cookies.size).toBe(0);
    expect(await copy.userId()).toBeNull();
    expect(await there.userId()).toBe(name);
  });

  it('lists the devices, and ends one at once when it is revoked', async () => {
    const name = someone();
    const [here, there] = [await laptop().signedIn(name), await phone().signedIn(name)];
    const devices = await here.devices();
    expect(devices).toHaveLength(2);
    const lost = devices.find(({ current }) => !current);
    const fields = {
      id: expect.any(String),
      createdAt: expect.any(String),
      lastSeenAt: expect.any(String),
      address: '127.0.0.1',
    };
    expect(devices.find(({ current }) => current)).toEqual({ ...fields, current: true, userAgent: 'laptop' });
    expect(lost).toEqual({ ...fields, current: false, userAgent: 'phone' });

    expect(await here.send('DELETE', `/devices/${lost?.id}`)).toMatchObject({
      status: 200,
      body: { revoked: lost?.id },
    });
    expect((await there.get('/session')).body).toEqual({ userId: null });
    expect(await here.devices()).toHaveLength(1);
    expect((await here.send('DELETE', `/devices/${lost?.id}`)).status).toBe(404);
  });

  it('revokes nobody else’s device', async () => {
    const [mine, theirs] = [await laptop().signedIn(someone()), await phone().signedIn(someone())];
    const [device] = await theirs.devices();
    for (const id of [device?.id, 'unknown', '__proto__', '%00', 'user%23s:user-1']) {
      expect(await mine.send('DELETE', `/devices/${id}`)).toMatchObject({
        status: 404,
        body: { error: 'You have no such device.' },
      });
    }
    expect(await theirs.devices()).toHaveLength(1);
  });

  it('takes the revoking of this device for a logout', async () => {
    const browser = await laptop().signedIn(someone());
    const [device] = await browser.devices();
    expect((await browser.send('DELETE', `/devices/${device?.id}`)).status).toBe(200);
    expect(browser.cookies.size).toBe(0);
  });

  it('logs out all other devices', async () => {
    const name = someone();
    const [here, there, elsewhere] = [
      await laptop().signedIn(name),
      await phone().signedIn(name),
      await phone().signedIn(name),
    ];
    expect((await here.send('DELETE', '/devices')).status).toBe(200);
    expect([await here.userId(), await there.userId(), await elsewhere.userId()]).toEqual([name, null, null]);
  });

  it('logs out everywhere', async () => {
    const name = someone();
    const [here, there, other] = [
      await laptop().signedIn(name),
      await phone().signedIn(name),
      await phone().signedIn(someone()),
    ];
    const copy = laptop();
    for (const [cookie, value] of here.cookies) copy.cookies.set(cookie, value);
    expect((await here.send('POST', '/logout-everywhere')).body).toEqual({ userId: null });
    expect(here.cookies.size).toBe(0);
    expect([await here.userId(), await copy.userId(), await there.userId()]).toEqual([null, null, null]);
    expect(await other.userId()).not.toBeNull();
  });

  it('ends all other sessions at an exclusive login', async () => {
    const name = someone();
    const [there, here] = [await phone().signedIn(name), await laptop().signedIn(name, true)];
    expect([await here.userId(), await there.userId()]).toEqual([name, null]);
  });

  it.each([
    ['no object', 'user-1'],
    ['null', null],
    ['a list', ['user-1']],
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a blank name', { name: '  ' }],
    ['a long name', { name: 'x'.repeat(65) }],
    ['a number as the name', { name: 1 }],
    ['a name that is not well-formed', { name: '\u{d800}' }],
    ['exclusive as text', { name: 'user-1', exclusive: 'yes' }],
    ['something else', { name: 'user-1', admin: true }],
  ])('refuses a sign-in with %s', async (_, body) => {
    const answer = await laptop().send('POST', '/login', body);
    expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String) }, setCookies: [] });
  });

  it.each<[string, string, string, RequestInit, number]>([
    ['an unknown path', 'GET', '/nowhere', {}, 404],
    ['a path with nothing for its key', 'PUT', '/data/', {}, 404],
    ['another method', 'PATCH', '/devices', {}, 405],
    ['a path that is not well-formed', 'DELETE', '/data/%E0%A4%A', {}, 400],
    ['no body', 'PUT', '/data/a', { headers: { 'content-type': 'application/json' } }, 400],
    ['a body that is not JSON', 'PUT', '/data/a', { body: '{', headers: { 'content-type': 'application/json' } }, 400],
    [
      'a key that is too long',
      'PUT',
      `/data/${'x'.repeat(2_000)}`,
      { body: '1', headers: { 'content-type': 'application/json' } },
      413,
    ],
    [
      'data that are nested too deep',
      'PUT',
      '/data/a',
      { body: '['.repeat(900) + ']'.repeat(900), headers: { 'content-type': 'application/json' } },
      413,
    ],
    ['another site', 'POST', '/logout', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['another origin of this site', 'POST', '/logout', { headers: { 'sec-fetch-site': 'same-site' } }, 403],
    ['a stranger who takes what is not there', 'POST', '/take/a', {}, 404],
    ['a stranger who logs out everywhere', 'POST', '/logout-everywhere', {}, 401],
    ['a stranger who revokes a device', 'DELETE', '/devices/a', {}, 401],
  ])('answers %s with the reason', async (_, method, path, init, status) => {
    const answer = await laptop().send(method, path, undefined, init);
    expect(answer).toMatchObject({ status, body: { error: expect.any(String) }, setCookies: [] });
    expect(answer.headers.get('allow')).toBe(status === 405 ? 'GET, DELETE' : null);
  });

  it('stores any key and any JSON as they are', async () => {
    const browser = laptop();
    const keys = ['__proto__', 'constructor', 'a/b', 'ä%20', '\u{0}', '😀'];
    const value = JSON.parse('{ "__proto__": { "admin": true }, "list": [null, false, 1.5, ""] }') as unknown;
    for (const key of keys)
      expect((await browser.send('PUT', `/data/${encodeURIComponent(key)}`, value)).status).toBe(200);
    const { data } = (await browser.get('/session')).body as { data: object };
    expect(Object.keys(data).toSorted()).toEqual(keys.toSorted());
    for (const [, stored] of Object.entries(data)) expect(JSON.stringify(stored)).toBe(JSON.stringify(value));
  });

  it('refuses what is too large, and keeps what is there', async () => {
    const browser = await laptop().signedIn(someone());
    await browser.send('PUT', '/data/theme', 'dark');
    const large = await browser.send('PUT', '/data/large', 'x'.repeat(500_000));
    expect(large).toMatchObject({ status: 413, body: { error: expect.stringContaining('bytes') } });
    expect((await browser.send('PUT', '/data/large', 'x'.repeat(7_000_000))).status).toBe(413);
    expect((await browser.get('/session')).body).toMatchObject({ data: { theme: 'dark' } });
  });

  it('refuses what becomes too large because of another request', async () => {
    const browser = await laptop().signedIn(someone());
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((key) => browser.send('PUT', `/data/${key}`, 'x'.repeat(250_000))),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 413, 413]);
  });

  it('takes no forged cookie for a session', async () => {
    const browser = laptop();
    for (const forged of [
      '',
      'x',
      'a.b',
      '__proto__',
      `${'A'.repeat(22)}.${'B'.repeat(32)}`,
      '%00',
      'x'.repeat(4_000),
    ]) {
      browser.cookies.set('id', forged);
      expect(await browser.get('/session')).toMatchObject({ status: 200, body: { userId: null } });
    }
  });
});

describe('the demo as a process', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s with code 0 and frees its port', async (signal) => {
    const demo = await Demo.start();
    try {
      await new Browser(demo, 'laptop').signedIn('user-1');
      expect(await demo.signal(signal)).toEqual([0, null]);
      await expect(fetch(demo.url)).rejects.toThrow('fetch failed');
    } finally {
      await demo.stop();
    }
  });

  it('finds the table that a demo before it has made', async () => {
    const engine = engines()[0] as Engine;
    const tableName = `devices-${randomUUID()}`;
    const env = { DYNAMODB_ENDPOINT: engine.endpoint, DYNAMODB_SESSIONS_TABLE: tableName };
    const first = await Demo.guarded(env);
    const browser = await new Browser(first, 'laptop').signedIn('user-1');
    await first.stop();
    const second = await Demo.guarded(env);
    const same = new Browser(second, 'laptop');
    for (const [name, value] of browser.cookies) same.cookies.set(name, value);
    expect(await same.userId()).toBe('user-1');
    await second.stop();
  });

  it('logs each event in a line that begins with its type', async () => {
    const demo = await Demo.guarded();
    const browser = await new Browser(demo, 'laptop').signedIn('ada');
    await browser.send('POST', '/logout');
    await vi.waitFor(() => expect(demo.output()).toContain('logged-out'));
    const lines = demo.output().split('\n');
    expect(lines.slice(lines.findIndex((line) => line.startsWith('Ctrl-C')) + 2)).toEqual([
      expect.stringMatching(/^created \{ at: .*, userId: 'ada' \}$/),
      expect.stringMatching(/^logged-in \{ at: .*, userId: 'ada', exclusive: false \}$/),
      expect.stringMatching(/^logged-out \{ at: .*, userId: 'ada', everywhere: false \}$/),
      '',
    ]);
    await demo.stop();
  });

  it('says in one line that its port is in use, and ends with code 1', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await failure({ PORT: String(port) })).toEqual([
      1,
      `Port ${port} is in use. Set PORT to another one; 0 takes any that is free.\n`,
    ]);
    server.close();
  });

  it.each([
    [{ PORT: 'abc' }, 'PORT is abc; expected a number from 0 to 65535.\n'],
    [
      { DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' },
      'No DynamoDB answers at http://127.0.0.1:1, which DYNAMODB_ENDPOINT names.\n',
    ],
  ])('says in one line that it cannot start with %o', async (env, line) => {
    expect(await failure(env)).toEqual([1, line]);
  });
});

/** A browser without scripts, which goes where redirects lead. One jar will do: cookies do not mind the port. */
class Visitor {
  readonly #jar = new CookieJar();
  readonly #demo: Demo;

  constructor(demo: Demo) {
    this.#demo = demo;
  }

  /** Where it gets to, and what it sees there. */
  async go(
    target: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ url: URL; status: number; body: string }> {
    const url = new URL(target, this.#demo.url);
    const init = form && { method: 'POST', body: new URLSearchParams(form), headers: { 'sec-fetch-mode': 'navigate' } };
    const response = this.#jar.receive(await fetch(this.#jar.request(url, { redirect: 'manual', ...init })));
    const location = response.headers.get('location');
    if (location !== null) return this.go(new URL(location, url).href);
    return { url, status: response.status, body: await response.text() };
  }

  /** Fills in the form of the page at the provider. */
  async signIn(name: string): Promise<{ url: URL; body: string }> {
    const { url } = await this.go('/provider/login');
    return this.go(url.href, { name });
  }

  async logOutAtProvider(): Promise<{ url: URL; body: string }> {
    const { url, body } = await this.go('/provider/logout');
    const [, action = ''] = / action="([^"]+)"/.exec(body) ?? [];
    const [, xsrf = ''] = / name="xsrf" value="([^"]+)"/.exec(body) ?? [];
    return this.go(new URL(action, url).href, { xsrf, logout: 'yes' });
  }

  async session(): Promise<{ userId: string | null; data?: object }> {
    return JSON.parse((await this.go('/session')).body) as { userId: string | null };
  }
}

describe('the demo with its provider', () => {
  let demo: Demo;

  beforeAll(async () => {
    demo = await Demo.guarded();
  });
  afterAll(() => demo.stop());

  it('signs in there, and a logout there ends that session at once, and no other of the user', async () => {
    const [there, elsewhere] = [new Visitor(demo), new Visitor(demo)];
    const byName = await new Browser(demo, 'phone').signedIn('ada');
    const { url, body } = await there.signIn('ada');
    await elsewhere.signIn('ada');
    expect(url.href).toBe(`${demo.url}/`);
    expect(body).toContain('<strong class="name">ada</strong>');
    expect(body).toContain('<a class="button quiet small" href="/provider/logout">');
    const log = demo.output().length;

    const after = await there.logOutAtProvider();
    expect(after.url.href).toBe(`${demo.url}/`);
    expect(after.body).toContain('<a class="button quiet small" href="/provider/login">');
    expect(await there.session()).toEqual({ userId: null });
    expect([await elsewhere.session(), await byName.userId()]).toMatchObject([{ userId: 'ada' }, 'ada']);
    expect(demo.output().slice(log).split('\n')).toEqual([
      expect.stringMatching(/^provider-logout \{ at: .*, userId: 'ada', everywhere: false \}$/),
      expect.stringMatching(/^revoked \{ at: .*, userId: 'ada', reason: 'login-ended' \}$/),
      '',
    ]);
  });

  it('shows the receipt of the logout on the next page, once', async () => {
    const visitor = new Visitor(demo);
    await visitor.signIn('bea');
    const receipts = (body: string): (string | undefined)[] =>
      [...body.matchAll(/<h3>(\w+ \/.*)<\/h3>/g)].map(([, line]) => line);
    const { body } = await visitor.logOutAtProvider();
    expect(receipts(body)).toEqual(['GET /', 'POST /back-channel-logout']);
    expect(body).toMatch(/<li>provider logout<\/li>\s*<li>revoked<\/li>/);
    expect(receipts((await visitor.go('/')).body)).toEqual(['GET /']);
  });

  it('is asked again for a name after a logout there, and not before', async () => {
    const visitor = new Visitor(demo);
    await visitor.signIn('cas');
    await visitor.go('/logout', {});
    expect(await visitor.session()).toEqual({ userId: null });
    expect((await visitor.go('/provider/login')).url.href).toBe(`${demo.url}/`);
    expect((await visitor.session()).userId).toBe('cas');
    await visitor.logOutAtProvider();
    expect((await visitor.go('/provider/login')).body).toContain('Sign in at the provider</h1>');
  });

  it('keeps what a stranger did, and shows nobody a login that has begun', async () => {
    const visitor = new Visitor(demo);
    await visitor.go('/cart', { article: 'a lamp' });
    await visitor.go('/provider/login');
    expect(await visitor.session()).toMatchObject({ userId: null, data: { cart: ['a lamp'] } });
    expect((await visitor.session()).data).toEqual({ cart: ['a lamp'] });
    expect((await visitor.go('/')).body).not.toContain('codeVerifier');
    await visitor.signIn('dot');
    expect(await visitor.session()).toMatchObject({ userId: 'dot', data: { cart: ['a lamp'], via: 'provider' } });
  });

  it('offers no logout there to who has signed in by name since', async () => {
    const visitor = new Visitor(demo);
    await visitor.signIn('eve');
    await visitor.go('/login', { name: 'eve' });
    expect((await visitor.go('/')).body).not.toContain('/provider/logout');
    await visitor.logOutAtProvider();
    expect((await visitor.session()).userId).toBe('eve');
  });

  it.each(['/callback', '/callback?state=other&code=x'])(
    'refuses %s, which answers no login of its own',
    async (path) => {
      const { status, body } = await new Visitor(demo).go(path);
      expect([status, body]).toEqual([400, '{"error":"No such login has begun in this browser."}\n']);
    },
  );

  it('refuses an answer of the provider without a code that is good', async () => {
    const log = demo.output().length;
    const response = await fetch(`${demo.url}/provider/login`, { redirect: 'manual' });
    const state = new URL(response.headers.get('location') as string).searchParams.get('state');
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0] as string;
    const answer = await fetch(`${demo.url}/callback?state=${state}&code=wrong`, { headers: { cookie } });
    expect([answer.status, await answer.text()]).toEqual([400, '{"error":"The provider has not signed you in."}\n']);
    expect(demo.output().slice(log)).toMatch(/^A login failed: /m);
  });

  it('takes no logout from anybody else', async () => {
    const visitor = new Visitor(demo);
    await visitor.signIn('fay');
    const body = new URLSearchParams({ logout_token: 'x' });
    const answer = await fetch(`${demo.url}/back-channel-logout`, { method: 'POST', body });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'This is no signed token.' },
    ]);
    expect((await visitor.session()).userId).toBe('fay');
    expect((await visitor.go('/')).body).toContain('<li class="warn">provider logout refused</li>');
  });
});

describe('the demo with another provider, or with none', () => {
  it('says that a provider does not answer, and takes names as before', async () => {
    const demo = await Demo.guarded({ ISSUER: 'http://127.0.0.1:1', CLIENT_ID: 'devices', CLIENT_SECRET: 'secret' });
    const browser = new Browser(demo, 'laptop');
    expect(await browser.get('/provider/login')).toMatchObject({
      status: 502,
      body: { error: 'The provider cannot be reached.' },
    });
    await browser.signedIn('ada');
    expect(await browser.userId()).toBe('ada');
    await demo.stop();
  });

  it('has nothing of a provider where there is none', async () => {
    const demo = await Demo.guarded({ ISSUER: '' });
    const browser = new Browser(demo, 'laptop');
    for (const path of ['/provider/login', '/provider/logout', '/callback']) {
      expect(await browser.get(path)).toMatchObject({ status: 404 });
    }
    expect(await browser.send('POST', '/back-channel-logout')).toMatchObject({ status: 404 });
    expect((await browser.get('/')).body).not.toContain('provider');
    await browser.signedIn('ada');
    expect((await browser.get('/')).body).not.toContain('provider');
    expect(demo.output()).not.toContain('provider');
    await demo.stop();
  });
});

describe('a Lambda handler over HTTP', () => {
  const server = createHttpServer(
    invoke((event) => {
      if (event.rawPath === '/fails') return Promise.reject(new Error('The handler failed.'));
      if (event.rawPath === '/text') return Promise.resolve('hello');
      return Promise.resolve({
        statusCode: 201,
        cookies: ['a=1', 'b=2; Secure'],
        headers: { 'x-own': 7 },
        body: JSON.stringify(event),
      });
    }),
  );
  let url: string;

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('gives it an event of payload 2.0, and sends each of its cookies', async () => {
    const response = await fetch(`${url}/a%2Fb?x=1&y=%20&x=2`, {
      method: 'PUT',
      headers: {
        cookie: 'id=abc; theme=dark',
        'content-type': 'application/json',
        'user-agent': 'laptop',
        'X-Two': 'b',
      },
      body: '"ä"',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-own')).toBe('7');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2; Secure']);
    const event = (await response.json()) as { headers: object };
    expect(event).toMatchObject({
      version: '2.0',
      rawPath: '/a%2Fb',
      rawQueryString: 'x=1&y=%20&x=2',
      queryStringParameters: { x: '1,2', y: ' ' },
      cookies: ['id=abc', 'theme=dark'],
      headers: { 'x-two': 'b', 'x-forwarded-for': '127.0.0.1', host: url.slice(7) },
      requestContext: {
        http: { method: 'PUT', path: '/a%2Fb', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'laptop' },
        time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      },
      body: '"ä"',
      isBase64Encoded: false,
    });
    expect(event.headers).not.toHaveProperty('cookie');
  });

  it('leaves out what a request does not have', async () => {
    const event: unknown = await (await fetch(url)).json();
    for (const name of ['cookies', 'queryStringParameters', 'body']) expect(event).not.toHaveProperty(name);
    expect(event).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
  });

  it('hands over in base64 what is not declared as text', async () => {
    const response = await fetch(url, { method: 'POST', body: new Uint8Array([0, 255]) });
    expect(await response.json()).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });

  it('takes a result without a status code for the body', async () => {
    const response = await fetch(`${url}/text`);
    expect([response.status, await response.text()]).toEqual([200, 'hello']);
  });

  it('answers a handler that fails with a 500', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect((await fetch(`${url}/fails`)).status).toBe(500);
    expect(log).toHaveBeenCalledWith(new Error('The handler failed.'));
    log.mockRestore();
  });
});

/** What a page shows of what the table holds, by attribute. */
function storedIn({ body }: Answer): Record<string, Buffer> {
  const [, list = ''] = /What the table holds<\/h3>([^]*?)<\/dl>/.exec(body as string) ?? [];
  const rows = list.matchAll(/<dt>(.*?)<\/dt>\s*<dd>(.*?)<\/dd>/g);
  return Object.fromEntries([...rows].map(([, name, value = '']) => [name, Buffer.from(value, 'base64')]));
}

/** All that a table holds, where it can be looked into. */
async function dump(engine: Engine | undefined, TableName: string): Promise<string> {
  if (engine === undefined) return '';
  const client = clientFor(engine);
  const { Items } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
  client.destroy();
  return JSON.stringify(Items);
}

/** How many items a table has, where it can be looked into. */
async function count(engine: Engine | undefined, TableName: string): Promise<number | undefined> {
  if (engine === undefined) return undefined;
  const client = clientFor(engine);
  const { Count } = await client.send(new ScanCommand({ TableName, Select: 'COUNT', ConsistentRead: true }));
  client.destroy();
  return Count;
}

/** How a demo ends that cannot start. */
async function failure(env: NodeJS.ProcessEnv): Promise<[code: unknown, said: string]> {
  const child = spawnDemo(env);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return [code, said];
}
