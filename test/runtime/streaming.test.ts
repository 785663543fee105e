import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engines } from '../engines/index.js';
import { functionUrlEvent, restApiEvent } from '../unit/lambda/events.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { LambdaFunction } from './lambda-function.js';
import { preludeOf } from './prelude.js';
import { environmentOf, storeThatHangs } from './surroundings.js';

// The proof that `withStreamingSession` works with the `awslambda` that AWS's own runtime client puts into the global
// scope. No emulator here streams, so test/deploy/ shows nothing of it.

const { streaming } = inject('functions');
const SESSION_COOKIE = /^__Host-id=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/;

describe.each(inject('runtimes'))('withStreamingSession on Node $major', (runtime) => {
  const engine = engines().at(-1)!;
  let table: TestTable;
  let instance: LambdaFunction;

  beforeAll(async () => {
    table = await createTestTable(engine);
    instance = await LambdaFunction.start({ runtime, ...streaming, environment: environmentOf(engine, table) });
  });
  afterAll(async () => {
    await instance.stop();
    await table.drop();
  });

  it('sends its cookies in the prelude, before the body', async () => {
    const first = preludeOf(await instance.invoke(functionUrlEvent()));
    expect(first.prelude).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
      cookies: ['own=1', expect.stringMatching(SESSION_COOKIE)],
    });
    expect(first).toMatchObject({ body: 'visit 1', error: undefined });

    const cookies = [first.prelude.cookies?.[1]?.split(';')[0] ?? ''];
    const second = preludeOf(await instance.invoke(functionUrlEvent({ cookies })));
    expect(second).toMatchObject({ body: 'visit 2', prelude: { cookies: ['own=1'] } });
  });

  it('sends them in the headers of a REST API that streams', async () => {
    const { prelude } = preludeOf(await instance.invoke(restApiEvent()));
    expect(Object.values(prelude.multiValueHeaders ?? {}).flat()).toContainEqual(expect.stringMatching(SESSION_COOKIE));
  });

  it('answers for a handler that does not', async () => {
    const { prelude, body } = preludeOf(await instance.invoke(functionUrlEvent({ body: 'say nothing' })));
    expect({ prelude, body }).toEqual({ prelude: { statusCode: 204 }, body: '' });
  });

  it('lets an error through before the response has begun', async () => {
    const outcome = await instance.invoke(functionUrlEvent({ body: 'throw before' }));
    expect(outcome).toMatchObject({
      kind: 'stream',
      bytes: Buffer.alloc(0),
      error: { errorType: 'TypeError', errorMessage: 'nothing was sent' },
    });
  });

  it('lets an error through after that', async () => {
    const outcome = preludeOf(await instance.invoke(functionUrlEvent({ body: 'throw after' })));
    expect(outcome).toMatchObject({
      prelude: { statusCode: 200 },
      body: 'visit ',
      error: { errorType: 'TypeError', errorMessage: 'something was sent' },
    });
  });

  it('answers 503 before the function is stopped, when DynamoDB hangs', async () => {
    await using store = await storeThatHangs();
    const hanging = await LambdaFunction.start({ runtime, ...streaming, environment: environmentOf(store, table) });
    try {
      const { prelude, body } = preludeOf(await hanging.invoke(functionUrlEvent(), 1_000));
      expect({ prelude, body }).toMatchObject({ prelude: { statusCode: 503 }, body: 'Service Unavailable' });
      expect(prelude).not.toHaveProperty('cookies');
    } finally {
      await hanging.stop();
    }
  });
});
