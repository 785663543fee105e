import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { HttpApiEvent, HttpApiResult } from '../../src/lambda/index.js';
import { engines } from '../engines/index.js';
import { emulatedHttpApiEvent, functionUrlEvent, httpApiEvent, type RequestOptions } from '../unit/lambda/events.js';
import { serviceOf } from '../unit/lambda/services.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { LambdaFunction } from './lambda-function.js';
import { environmentOf, storeThatHangs } from './surroundings.js';

// The proof that the demo's bundle, as `cdk synth` made it, runs under AWS's own runtime client on the Node versions of
// Lambda, with the SDK beside it as Lambda has it. Here, and not on the emulated AWS of test/deploy/: cookies in
// `event.cookies`, and a remaining time that counts down.

const { demo } = inject('functions');
const SESSION_COOKIE = /^__Host-id=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/;

type EventOf = (options: RequestOptions) => HttpApiEvent;

const eventSources: readonly (readonly [name: string, eventOf: EventOf])[] = [
  ['HTTP API', httpApiEvent],
  ['Function URL', functionUrlEvent],
  ['emulated HTTP API', emulatedHttpApiEvent],
];

/** A browser with its cookie jar, before one event source. */
class Browser {
  readonly #instance: LambdaFunction;
  readonly #eventOf: EventOf;
  #cookies: string[] = [];

  constructor(instance: LambdaFunction, eventOf: EventOf) {
    this.#instance = instance;
    this.#eventOf = eventOf;
  }

  async send(method: string, path: string, json?: unknown): Promise<{ statusCode: number; body: unknown }> {
    const event = this.#eventOf({
      path,
      cookies: this.#cookies,
      ...(json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
    });
    const { http } = event.requestContext;
    const result = await this.#instance.call<HttpApiResult>({
      ...event,
      requestContext: { ...event.requestContext, http: { ...http, method } },
    });
    const { statusCode, body, setCookies } = serviceOf('HTTP API').receive(result);
    for (const setCookie of setCookies) {
      if (/; Max-Age=0(;|$)/.test(setCookie)) this.#cookies = [];
      else if (SESSION_COOKIE.test(setCookie)) this.#cookies = [setCookie.split(';')[0] ?? ''];
      else throw new Error(`This is no session cookie: ${setCookie}`);
    }
    return { statusCode, body: JSON.parse(body) as unknown };
  }
}

describe.each(inject('runtimes'))('the deployed demo on Node $major', (runtime) => {
  const engine = engines().at(-1)!;
  let table: TestTable;
  let instance: LambdaFunction;

  beforeAll(async () => {
    table = await createTestTable(engine);
    instance = await LambdaFunction.start({ runtime, ...demo, environment: environmentOf(engine, table) });
  });
  afterAll(async () => {
    await instance.stop();
    await table.drop();
  });

  it.each(eventSources)('%s: signs in, keeps data, lists, revokes and logs out everywhere', async (source, eventOf) => {
    const [laptop, phone, tablet] = [1, 2, 3].map(() => new Browser(instance, eventOf)) as [Browser, Browser, Browser];
    const name = `user of ${source}`;
    for (const browser of [laptop, phone, tablet]) {
      expect(await browser.send('POST', '/login', { name })).toMatchObject({ statusCode: 200, body: { userId: name } });
    }
    expect(await laptop.send('PUT', '/data/theme', 'dark')).toMatchObject({ body: { data: { theme: 'dark' } } });
    expect(await laptop.send('GET', '/session')).toMatchObject({ body: { userId: name, data: { theme: 'dark' } } });

    const held = (await table.items()).filter((item) => 'data.theme' in item);
    expect(held.map((item) => item['data.theme']?.B?.length)).toEqual(['"dark"'.length + 29]);

    const devices = (await laptop.send('GET', '/devices')).body as { id: string; current: boolean; address: string }[];
    expect(devices).toHaveLength(3);
    expect(devices.map(({ address }) => address)).toEqual(Array(3).fill('203.0.113.7'));

    const [lost] = devices.filter(({ current }) => !current);
    expect(await laptop.send('DELETE', `/devices/${lost?.id}`)).toMatchObject({ body: { revoked: lost?.id } });
    const left = await Promise.all([phone, tablet].map((browser) => browser.send('GET', '/session')));
    expect(left.filter(({ body }) => (body as { userId: unknown }).userId === null)).toHaveLength(1);

    expect(await laptop.send('POST', '/logout-everywhere')).toMatchObject({ body: { userId: null } });
    for (const browser of [laptop, phone, tablet])
      expect(await browser.send('GET', '/session')).toMatchObject({ body: { userId: null } });
  });

  it('answers 503 with its own words before it is stopped, when DynamoDB hangs', async () => {
    await using store = await storeThatHangs();
    const hanging = await LambdaFunction.start({ runtime, ...demo, environment: environmentOf(store, table) });
    try {
      const event = httpApiEvent({ path: '/session', cookies: [`__Host-id=${'A'.repeat(22)}.${'B'.repeat(32)}`] });
      expect(await hanging.call(event, 1_000)).toMatchObject({
        statusCode: 503,
        body: expect.stringContaining('The sessions are unavailable.'),
      });
    } finally {
      await hanging.stop();
    }
  });

  it('answers 503 without the name of its table, and its log says what to set', async () => {
    const { DYNAMODB_SESSIONS_TABLE: _, ...environment } = environmentOf(engine, table);
    const nameless = await LambdaFunction.start({ runtime, ...demo, environment });
    try {
      const cookies = [`__Host-id=${'A'.repeat(22)}.${'B'.repeat(32)}`];
      const event = httpApiEvent({ path: '/session', cookies });
      expect(await nameless.call(event)).toMatchObject({ statusCode: 503 });
    } finally {
      await nameless.stop();
    }
    expect(nameless.output).toMatch(/tableName is missing.*DYNAMODB_SESSIONS_TABLE/);
  });
});
