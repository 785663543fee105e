import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engines } from '../engines/index.js';
import { services } from '../unit/lambda/services.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { LambdaFunction } from './lambda-function.js';
import { environmentOf, storeThatHangs } from './surroundings.js';

// The unit tests run middy 6, the last for Node 20. This is middy 7, which wants Node 22.

const { middy } = inject('functions');

describe.each(inject('runtimes'))('middy 7 on Node $major', (runtime) => {
  const engine = engines().at(-1)!;
  let table: TestTable;
  let instance: LambdaFunction;

  beforeAll(async () => {
    table = await createTestTable(engine);
    instance = await LambdaFunction.start({ runtime, ...middy, environment: environmentOf(engine, table) });
  });
  afterAll(async () => {
    await instance.stop();
    await table.drop();
  });

  it.each(services)('keeps a session from request to request: $name', async (service) => {
    const first = service.receive(await instance.call(service.event()));
    expect(first).toMatchObject({
      statusCode: 200,
      body: '1',
      setCookies: [expect.stringMatching(/^__Host-id=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/)],
    });
    const cookies = first.setCookies.map((setCookie) => setCookie.split(';')[0] ?? '');
    const second = service.receive(await instance.call(service.event({ cookies })));
    expect(second).toMatchObject({ statusCode: 200, body: '2', setCookies: [] });
  });

  it.each(services)('answers 503 before the function is stopped, when DynamoDB hangs: $name', async (service) => {
    await using store = await storeThatHangs();
    const environment = environmentOf(store, table);
    const hanging = await LambdaFunction.start({ runtime, ...middy, environment });
    try {
      const event = service.event({ cookies: [`__Host-id=${'A'.repeat(22)}.${'B'.repeat(32)}`] });
      expect(service.receive(await hanging.call(event, 1_000))).toMatchObject({ statusCode: 503, setCookies: [] });
    } finally {
      await hanging.stop();
    }
  });
});
