import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engines } from '../engines/index.js';
import { functionUrlEvent, httpApiEvent, unsupportedEvents } from '../unit/lambda/events.js';
import { services } from '../unit/lambda/services.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { LambdaFunction } from './lambda-function.js';
import { environmentOf, storeThatHangs } from './surroundings.js';

// The proof that `withSession` works under AWS's own runtime client, with an event of every source: the services
// themselves are as their documentation describes them. An emulated HTTP API and Function URL, which send cookies as
// `headers.cookie` only and count no time down, are in test/deploy/.

const { sources } = inject('functions');

describe.each(inject('runtimes'))('withSession on Node $major', (runtime) => {
  const engine = engines().at(-1)!;
  let table: TestTable;
  let instance: LambdaFunction;

  beforeAll(async () => {
    table = await createTestTable(engine);
    instance = await LambdaFunction.start({ runtime, ...sources, environment: environmentOf(engine, table) });
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

  it('lets the error of a handler through, by its name, and goes on', async () => {
    const outcome = await instance.invoke(httpApiEvent({ body: 'throw' }));
    expect(outcome).toMatchObject({
      kind: 'error',
      error: { errorType: 'TeapotError', errorMessage: 'short and stout' },
    });
    expect(await instance.call(httpApiEvent())).toMatchObject({ statusCode: 200, body: '1' });
  });

  it.each(unsupportedEvents)('rejects %s', async (_name, event) => {
    const outcome = await instance.invoke(event ?? null);
    expect(outcome).toMatchObject({ kind: 'error', error: { errorType: 'UnsupportedEventError' } });
  });

  it('answers 503 before the function is stopped, when DynamoDB hangs', async () => {
    await using store = await storeThatHangs();
    const environment = environmentOf(store, table);
    const hanging = await LambdaFunction.start({ runtime, ...sources, environment });
    try {
      const cookies = [`__Host-id=${'A'.repeat(22)}.${'B'.repeat(32)}`];
      const answer = await hanging.call(functionUrlEvent({ cookies }), 1_000);
      expect(answer).toMatchObject({ statusCode: 503, body: 'Service Unavailable' });
      expect(answer).not.toHaveProperty('cookies');
    } finally {
      await hanging.stop();
    }
  });

  it('answers 503 without the name of its table, and its log says what to set', async () => {
    const { DYNAMODB_SESSIONS_TABLE: _, ...environment } = environmentOf(engine, table);
    const nameless = await LambdaFunction.start({ runtime, ...sources, environment });
    try {
      const cookies = [`__Host-id=${'A'.repeat(22)}.${'B'.repeat(32)}`];
      const event = functionUrlEvent({ cookies });
      expect(await nameless.call(event)).toMatchObject({ statusCode: 503 });
    } finally {
      await nameless.stop();
    }
    expect(nameless.output).toMatch(/tableName is missing.*DYNAMODB_SESSIONS_TABLE/);
  });
});
