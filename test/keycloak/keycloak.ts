import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KEYCLOAK } from './install.js';

const guard = fileURLToPath(new URL('../deploy/group-guard.js', import.meta.url));
const ADMIN = { username: 'admin', password: 'only of this test' };
const OPTIONS = [
  '--features=ssf',
  '--db=dev-mem',
  '--import-realm',
  '--http-host=127.0.0.1',
  '--http-port=0',
  '--spi-ssf-transmitter--default--allow-insecure-push-targets=true', // to an address of this machine
  '--spi-ssf-transmitter--default--outbox-drainer-interval=1s',
];

/** Keycloak in a process of its own, with one realm, and nothing on disk. */
export class Keycloak implements AsyncDisposable {
  readonly issuer: string;
  readonly #origin: string;
  readonly #realm: string;
  readonly #stop: () => Promise<void>;

  /** @param realm as Keycloak imports it, with its name in `realm` */
  static async start(realm: { readonly realm: string }): Promise<Keycloak> {
    const folder = join(KEYCLOAK, 'data/import');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${realm.realm}-realm.json`), JSON.stringify(realm));

    const child = spawn(process.execPath, [guard, join(KEYCLOAK, 'bin/kc.sh'), 'start-dev', ...OPTIONS], {
      env: {
        PATH: process.env['PATH'],
        JAVA_OPTS_KC_HEAP: '-Xms256m -Xmx1g',
        KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username,
        KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
      },
      stdio: 'pipe',
    });
    const exited = once(child, 'exit');
    const origin = await new Promise<string>((resolve, reject) => {
      let output = '';
      const collect = (chunk: Buffer): void => {
        output += chunk.toString();
        const listening = /Listening on: (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
        if (listening !== undefined) resolve(listening);
      };
      child.stdout.on('data', collect);
      child.stderr.on('data', collect);
      child.on('exit', () => reject(new Error(`Keycloak ended while starting:\n${output.slice(-4000)}`)));
    });
    return new Keycloak(origin, realm.realm, async () => {
      child.stdin.end();
      await exited;
    });
  }

  private constructor(origin: string, realm: string, stop: () => Promise<void>) {
    this.issuer = `${origin}/realms/${realm}`;
    this.#origin = origin;
    this.#realm = realm;
    this.#stop = stop;
  }

  /** Asks the Admin REST API something about the realm. */
  async administer(method: string, path: string, json?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#origin}/admin/realms/${this.#realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#adminToken()}`, 'content-type': 'application/json' },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #adminToken(): Promise<string> {
    const response = await fetch(`${this.#origin}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...ADMIN }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }
}
