import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Session, Sessions } from '../../src/index.js';
import { withSession } from '../../src/lambda/index.js';
import { contextOf, tokenOf } from '../unit/lambda/lambda-world.js';
import { type Response, type Service, services } from '../unit/lambda/services.js';
import { secretsIn } from '../world/secrets.js';
import { stores, type TestStore } from '../world/stores.js';
import type { App } from '../world/world.js';

/** A browser in front of a service, which keeps the cookies that it is sent. */
class Client {
  readonly #jar: Map<string, string>;
  readonly #service: Service;
  readonly #sessions: Sessions<App>;

  constructor(service: Service, sessions: Sessions<App>, jar: ReadonlyMap<string, string> = new Map()) {
    this.#service = service;
    this.#sessions = sessions;
    this.#jar = new Map(jar);
  }

  /** Somebody else with the cookies of now. */
  copy(): Client {
    return new Client(this.#service, this.#sessions, this.#jar);
  }

  get cookies(): string[] {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`);
  }

  async request(handle: (session: Session<App>) => unknown): Promise<Response> {
    const handler = withSession(this.#sessions, async (_event, session) => {
      const body = await handle(session);
      return { statusCode: 200, body: JSON.stringify(body ?? null) } as never;
    });
    const response = this.#service.receive(
      await handler(this.#service.event({ cookies: this.cookies }) as never, contextOf()),
    );
    for (const cookie of response.setCookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) as unknown as [string, string, string];
      if (cookie.includes('; Max-Age=0;')) this.#jar.delete(name);
      else this.#jar.set(name, value);
    }
    return response;
  }
}

describe.each(stores())('requests to a Lambda, with sessions in $name', (stored) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await stored.open();
  });
  afterAll(() => store.close());

  it.each(services)('behind $name: a visit, a login, a logout', async (service) => {
    const sessions = new Sessions<App>({ persistence: store.persistence });
    const client = new Client(service, sessions);

    expect((await client.request((session) => session.get('theme'))).setCookies).toEqual([]);

    const visit = await client.request((session) => session.set('cart', ['book']));
    const planted = client.copy();
    expect(tokenOf(visit)).not.toBe('');

    expect((await client.request((session) => session.set('theme', 'dark'))).setCookies).toEqual([]);
    const data = await client.request((session) => Object.fromEntries(session.entries()));
    expect(JSON.parse(data.body)).toEqual({ cart: ['book'], theme: 'dark' });

    const login = await client.request((session) => session.logIn('alice'));
    expect(tokenOf(login)).not.toBe(tokenOf(visit));
    expect(login.headers['cache-control']).toEqual(['no-store']);
    expect((await client.request((session) => [session.userId, session.get('cart')])).body).toBe('["alice",["book"]]');

    expect((await planted.request((session) => session.userId)).body).toBe('null');

    const logout = await client.request((session) => session.logOut());
    expect(logout.setCookies).toEqual([
      '__Host-id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    ]);
    expect(client.cookies).toEqual([]);
    expect((await client.request((session) => [session.userId, session.keys()])).body).toBe('[null,[]]');
  });

  it('T3: the secret in the cookie is nowhere in the store', async () => {
    const sessions = new Sessions<App>({ persistence: store.persistence });
    const client = new Client(services[0] as Service, sessions);
    await client.request((session) => session.logIn('bob'));
    const secret = client.cookies[0]?.split('.')[1] as string;
    const records = await store.records();
    expect(records).not.toEqual([]);
    expect(secretsIn(records, [secret])).toEqual([]);
  });
});
