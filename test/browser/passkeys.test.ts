import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { violationsOf } from './accessibility.js';
import { type Example, loadExample } from './example.js';
import { elsewhere } from './shop.js';
import { withBrowser } from './with-browser.js';

// The recipe for passkeys, with the authenticator that Chromium has for tests: it makes real keys and signatures.

const ORIGIN = 'https://shop.test';
const FOLDER = new URL('../../examples/passkeys/', import.meta.url);

describe.skipIf(inject('chromium') === undefined)('the recipe for passkeys', () => {
  const world = withBrowser();
  let example: Example;
  /** Why the recipe has refused a passkey. */
  const refusals: string[] = [];

  beforeAll(async () => {
    vi.spyOn(console, 'warn').mockImplementation((message) => void refusals.push(String(message)));
    process.env['ORIGIN'] = ORIGIN;
    example = await loadExample(() => import('../../examples/passkeys/handler.js'));
    const files = await staticFiles();
    world.internet.serve('shop.test', (request, response) => {
      const file = files.get(request.url ?? '');
      if (file === undefined) return example.site(request, response);
      response.setHeader('content-type', file.type).end(file.content);
    });
  });
  afterAll(async () => {
    await example?.close();
    vi.restoreAllMocks();
  });

  const open = async (profile?: BrowserContext): Promise<Shop> => {
    const page = await (profile ?? (await world.newProfile())).newPage();
    const shop = new Shop(page, await newAuthenticator(page));
    await page.goto(ORIGIN);
    return shop;
  };
  const signedUp = async (name: string): Promise<Shop> => {
    const shop = await open();
    await shop.press('Sign up', name);
    await shop.says(`Hello ${name}. Passkeys: 1. Done.`);
    return shop;
  };
  /** Another browser, in which somebody has put the session's cookie. */
  const thiefOf = async (shop: Shop): Promise<Shop> => {
    const profile = await world.newProfile();
    await profile.addCookies([{ name: '__Host-id', value: await shop.token(), url: ORIGIN, secure: true }]);
    return open(profile);
  };

  it('signs up, out and in with a passkey', async () => {
    const shop = await signedUp('ann');
    expect(await violationsOf(shop.page)).toEqual([]);
    await shop.press('Sign out');
    await shop.says('Hello stranger. Done.');
    expect(await shop.page.context().cookies()).toEqual([]);
    await shop.press('Sign in');
    await shop.says('Hello ann. Passkeys: 1. Done.');
  });

  it('replaces the secret at a login, so that a cookie that was planted before is worthless', async () => {
    const shop = await signedUp('ann');
    await shop.press('Sign out');
    await shop.says('Hello stranger. Done.');
    const assertion = await shop.sign(await shop.loginOptions());
    const [thief, before] = [await thiefOf(shop), await shop.token()];
    expect(await shop.post('/login', assertion)).toMatchObject({ status: 200 });
    expect(await shop.token()).not.toBe(before);
    expect([await thief.user(), await shop.user()]).toEqual([null, 'ann']);
  });

  describe('an answer to a challenge', () => {
    it('works once, in this session and in any other', async () => {
      const [shop, other] = [await signedUp('ann'), await open()];
      const assertion = await shop.sign(await shop.loginOptions());
      expect(await shop.post('/login', assertion)).toMatchObject({ status: 200 });
      expect(await shop.post('/login', assertion)).toMatchObject({ status: 400 });
      expect(refusals.at(-1)).toBe('A passkey was refused: No login has begun in this session.');
      await shop.loginOptions();
      expect(await shop.post('/login', assertion)).toMatchObject({ status: 400 });
      expect(refusals.at(-1)).toContain('challenge');
      expect(await other.post('/login', assertion)).toMatchObject({ status: 400 });
      expect(await other.user()).toBe(null);
    });

    it('that is sent several times at once works once', async () => {
      const shop = await signedUp('ann');
      const assertion = await shop.sign(await shop.loginOptions());
      const answers = await Promise.all(Array.from({ length: 5 }, () => shop.post('/login', assertion)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(4);
      expect(await shop.user()).toBe('ann');
    });

    it('of another session signs nobody in, though this one waits for an answer', async () => {
      const [victim, attacker] = [await signedUp('ann'), await open()];
      const assertion = await victim.sign(await victim.loginOptions());
      await attacker.loginOptions();
      expect(await attacker.post('/login', assertion)).toMatchObject({ status: 400 });
      expect(refusals.at(-1)).toContain('challenge');
      expect(await attacker.user()).toBe(null);
    });

    it('that a page of another host got signs nobody in', async () => {
      const [victim, attacker] = [await signedUp('ann'), await open()];
      world.internet.serve('evil.shop.test', elsewhere(''));
      const options = await attacker.loginOptions();
      await victim.page.goto('https://evil.shop.test/');
      const assertion = await victim.sign(options); // the browser lets a subdomain ask for its parent's passkeys
      expect(await attacker.post('/login', assertion)).toMatchObject({ status: 400 });
      expect(refusals.at(-1)).toContain('origin "https://evil.shop.test"');
      expect(await attacker.user()).toBe(null);
    });

    it('without the user’s verification is refused', async () => {
      const shop = await signedUp('ann');
      await shop.authenticator.verifyNobody();
      const assertion = await shop.sign({ ...(await shop.loginOptions()), userVerification: 'discouraged' });
      expect(await shop.post('/login', assertion)).toMatchObject({ status: 400 });
    });

    it.each([
      ['nothing', null],
      ['an empty object', {}],
      ['a passkey that nobody has', { id: '__proto__', rawId: '__proto__', type: 'public-key', response: {} }],
    ])('that is %s is refused, and is no error', async (_name, body) => {
      const shop = await open();
      await shop.loginOptions();
      expect(await shop.post('/login', body)).toEqual({ status: 400, body: { error: 'refused' } });
      expect(await shop.post('/register', body)).toEqual({ status: 400, body: { error: 'refused' } });
    });
  });

  it('lets nobody register somebody else’s passkey as their own', async () => {
    const victim = await open();
    const sent = victim.page.waitForRequest(`${ORIGIN}/register`);
    await victim.press('Sign up', 'ann');
    await victim.says('Hello ann. Passkeys: 1. Done.');
    const registration = (await sent).postDataJSON() as { response: { clientDataJSON: string } };

    // Without attestation nobody has signed the challenge of a registration.
    const attacker = await open();
    const { body } = await attacker.post('/register/options', { name: 'mallory' });
    const { challenge } = body as { challenge: string };
    const clientData = JSON.stringify({ type: 'webauthn.create', challenge, origin: ORIGIN });
    registration.response.clientDataJSON = Buffer.from(clientData).toString('base64url');
    expect(await attacker.post('/register', registration)).toMatchObject({ status: 400 });

    await victim.press('Sign out');
    await victim.says('Hello stranger. Done.');
    await victim.press('Sign in');
    await victim.says('Hello ann. Passkeys: 1. Done.');
  });

  describe('another passkey', () => {
    it('needs a recent login: a thief with the cookie cannot add one', async () => {
      const shop = await signedUp('ann');
      example.pass(301);
      const thief = await thiefOf(shop);
      expect(await thief.user()).toBe('ann');
      expect(await thief.post('/register/options', { name: 'ann' })).toEqual({
        status: 403,
        body: { error: 'login-too-old' },
      });
      await thief.press('Add a passkey');
      await thief.says(/^Hello ann\. Passkeys: 1\. That did not work: /);
    });

    it('is added after the user has proved once more who they are, and signs in', async () => {
      const shop = await signedUp('ann');
      example.pass(301);
      let asked = 0;
      const held = world.internet.hold(1, ({ url }) => url.endsWith('/register/options') && ++asked === 2);
      const before = await shop.token();
      await shop.press('Add a passkey');
      await held.arrived;
      expect(await shop.token()).not.toBe(before); // it was another login
      await shop.authenticator.unplug();
      const second = await newAuthenticator(shop.page);
      held.release();
      await shop.says('Hello ann. Passkeys: 2. Done.');
      expect(await second.count()).toBe(1);

      await shop.press('Sign out');
      await shop.says('Hello stranger. Done.');
      await shop.press('Sign in');
      await shop.says('Hello ann. Passkeys: 2. Done.');
    });
  });

  it('keeps a login when a page of another site sends a form here', async () => {
    const shop = await signedUp('ann');
    const form = `<form method="post" action="${ORIGIN}/login/options"><button>Win</button></form>`;
    world.internet.serve('other.test', elsewhere(form));
    await shop.page.goto('https://other.test/');
    await shop.page.getByRole('button').click();
    await shop.page.waitForURL(`${ORIGIN}/**`);
    await shop.page.goto(ORIGIN);
    expect(await shop.user()).toBe('ann');
  });
});

/** The page of the recipe, and the tab that it is in. */
class Shop {
  readonly page: Page;
  readonly authenticator: Authenticator;

  constructor(page: Page, authenticator: Authenticator) {
    this.page = page;
    this.authenticator = authenticator;
  }

  async press(button: string, name?: string): Promise<void> {
    if (name !== undefined) await this.page.getByRole('textbox', { name: 'Name' }).fill(name);
    await this.page.getByRole('button', { name: button }).click();
  }

  async says(message: string | RegExp): Promise<void> {
    await this.page.getByRole('status').getByText(message, { exact: true }).waitFor();
  }

  /** The token in the session's cookie. */
  async token(): Promise<string> {
    const cookies = await this.page.context().cookies(ORIGIN);
    return cookies.find(({ name }) => name === '__Host-id')?.value ?? '';
  }

  async user(): Promise<string | null> {
    return ((await this.page.evaluate(`fetch('/me').then((answer) => answer.json())`)) as { user: string | null }).user;
  }

  /** What a script in the page can send. */
  async post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const init = JSON.stringify({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const send = `fetch('${path}', ${init}).then(async (answer) => ({ status: answer.status, body: await answer.json() }))`;
    return (await this.page.evaluate(send)) as { status: number; body: unknown };
  }

  async loginOptions(): Promise<object> {
    return (await this.post('/login/options', {})).body as object;
  }

  /** What the authenticator answers to such options, wherever they are from. */
  sign(options: object): Promise<unknown> {
    const publicKey = `PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)})`;
    return this.page.evaluate(
      `navigator.credentials.get({ publicKey: ${publicKey} }).then((credential) => credential.toJSON())`,
    );
  }
}

interface Authenticator {
  /** How many passkeys it holds. */
  count(): Promise<number>;
  /** From now on it does not see that it is its owner. */
  verifyNobody(): Promise<void>;
  unplug(): Promise<void>;
}

async function newAuthenticator(page: Page): Promise<Authenticator> {
  const devtools: CDPSession = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async count() {
      return (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length;
    },
    async verifyNobody() {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    },
    async unplug() {
      await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    },
  };
}

/** What a file server has beside the handler, by path. */
async function staticFiles(): Promise<Map<string, { readonly type: string; readonly content: string }>> {
  const { outputFiles } = await build({
    entryPoints: [new URL('page.ts', FOLDER).pathname],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return new Map([
    ['/', { type: 'text/html', content: await readFile(new URL('index.html', FOLDER), 'utf8') }],
    ['/page.js', { type: 'text/javascript', content: outputFiles[0]?.text ?? '' }],
  ]);
}
