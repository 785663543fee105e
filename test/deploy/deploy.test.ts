import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DemoStack } from '../../cdk/demo-stack.js';
import { SessionStore } from '../../cdk/session-store.js';
import { SessionsStack } from '../../cdk/sessions-stack.js';
import { PARTITION_KEY, TTL_ATTRIBUTE, USER_INDEX } from '../../src/table-schema.js';
import type { Template } from '../../templates/template.js';
import { Browser } from './browser.js';
import { cdk, ENVIRONMENT } from './cdk.js';
import { describeStack, deleteStack } from './cloudformation.js';
import { createLambdaFolder } from './lambda-folder.js';
import { Ministack } from './ministack.js';
import { withPlainAlarms } from './plain-alarms.js';

// The proof that one `cdk deploy` gives a store and a demo that work: on ministack, an AWS on this machine, with
// nothing but what the project's own commands synthesise and upload.
//
// What a green run here does not show, because ministack lacks it, and where it is shown instead:
// - cookies in `event.cookies` (it sends `headers.cookie` only), a remaining time that counts down, Lambda's own
//   runtime client, streaming, Node 22 and 24 (functions run on this Node): test/runtime/;
// - TTL: its attribute in the assertions on the template, that items expire on DynamoDB Local (npm test);
// - point-in-time recovery, deletion protection, IAM permissions, dead-letter queues, alarms, and that an upgrade with
//   every option replaces no table: the assertions on the template;
// - metrics: the lines that the cleanup prints, in test/runtime/;
// - capacity: the budgets on DynamoDB Local (npm test).
// It refuses alarms on metrics that are computed from others: before the deployment they become plain ones.
// It has no `cdk destroy`: stacks are deleted by name.

// About a minute and a half on two processors, most of which the schedule takes to fire for the first time.

const CONTEXT = { cleanupSchedule: 'rate(1 minute)', ephemeral: 'true' };
const SESSION_COOKIE = /^__Host-id=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/;

interface Outputs {
  readonly Sessions: { readonly TableName: string };
  readonly SessionsDemo: { readonly HttpApiUrl: string; readonly FunctionUrl: string; readonly TableName: string };
}

describe.skipIf(!inject('hasMinistack'))('cdk deploy --all', () => {
  let folder: Awaited<ReturnType<typeof createLambdaFolder>>;
  let aws: Ministack;
  let dynamodb: DynamoDBClient;
  let outputs: Outputs;
  let deployed: number;

  const run = (...args: string[]): Promise<string> =>
    cdk(args, { home: join(folder.path, 'home'), endpoint: aws.endpoint });
  /** What is synthesised already; so there is nothing to build either. */
  const assembly = (out: string): string[] => ['--app', out, '--build', 'true'];
  const deploy = async (out: string): Promise<Outputs> => {
    const file = join(folder.path, 'outputs.json');
    if (existsSync(join(out, 'Sessions.template.json'))) await simplifyAlarms(out);
    await run(
      'deploy',
      ...assembly(out),
      '--all',
      '--require-approval=never',
      '--method=direct',
      `--outputs-file=${file}`,
    );
    return JSON.parse(await readFile(file, 'utf8')) as Outputs;
  };
  const itemOf = async (id: string): Promise<Record<string, AttributeValue> | undefined> => {
    const TableName = outputs.Sessions.TableName;
    const Key = { [PARTITION_KEY]: { S: id } };
    return (await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
  };
  const plant = async (expiresAt: number): Promise<string> => {
    const id = randomUUID();
    const Item = { [PARTITION_KEY]: { S: id }, [TTL_ATTRIBUTE]: { N: String(expiresAt) }, version: { N: '1' } };
    await dynamodb.send(new PutItemCommand({ TableName: outputs.Sessions.TableName, Item }));
    return id;
  };
  const now = (): number => Math.floor(Date.now() / 1_000);

  beforeAll(async () => {
    process.once('disconnect', () => process.exit(1)); // the runner was killed: ministack ends with this process
    folder = await createLambdaFolder();
    aws = await Ministack.start(folder.path);
    dynamodb = new DynamoDBClient({
      endpoint: aws.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'test' },
    });
    const out = join(folder.path, 'cdk.out');
    const context = Object.entries(CONTEXT).map(([name, value]) => `--context=${name}=${value}`);
    await run('synth', '--quiet', '--output', out, ...context);
    await run('bootstrap', ...assembly(out), ENVIRONMENT);
    outputs = await deploy(out);
    deployed = Date.now();
  });
  afterAll(async () => {
    dynamodb?.destroy();
    await aws?.stop();
    await folder?.remove();
  });

  it('says where the demo is, and what the table is called', () => {
    expect(outputs).toMatchObject({
      Sessions: { TableName: expect.any(String) },
      SessionsDemo: { HttpApiUrl: expect.stringMatching(/^https?:/), FunctionUrl: expect.stringMatching(/^https:/) },
    });
  });

  describe.each(['HttpApiUrl', 'FunctionUrl'] as const)('the demo at its %s', (name) => {
    const browser = (device: string): Browser => new Browser(outputs.SessionsDemo[name], aws.port, device);
    const signedIn = async (device: string, user: string): Promise<Browser> => {
      const made = browser(device);
      expect(await made.send('POST', '/login', { name: user })).toMatchObject({ status: 200, body: { userId: user } });
      return made;
    };
    const userId = async (of: Browser): Promise<unknown> =>
      ((await of.get('/session')).body as { userId: unknown }).userId;

    it('has a page', async () => {
      const { status, body, setCookies } = await browser('laptop').get('/');
      expect({ status, body, setCookies }).toEqual({
        status: 200,
        body: expect.stringMatching(/^<!doctype html>/),
        setCookies: [],
      });
    });

    it('signs in, and keeps data from request to request', async () => {
      const laptop = browser('laptop');
      expect(await laptop.send('POST', '/login', { name: 'user-1' })).toMatchObject({
        status: 200,
        body: { userId: 'user-1' },
        setCookies: [expect.stringMatching(SESSION_COOKIE)],
      });
      expect(await laptop.send('PUT', '/data/theme', 'dark')).toMatchObject({ body: { data: { theme: 'dark' } } });
      expect(await laptop.get('/session')).toMatchObject({
        status: 200,
        body: { userId: 'user-1', data: { theme: 'dark' } },
        setCookies: [],
      });
    });

    it('takes the forms of its page, and shows the next page what came of them, and what it cost', async () => {
      const laptop = browser('laptop');
      expect(await laptop.submit('/login', { name: 'user-1' })).toMatchObject({
        status: 303,
        setCookies: [expect.stringMatching(SESSION_COOKIE)],
      });
      expect((await laptop.submit('/cart', { article: 'a <lamp>' })).status).toBe(303);
      const { body } = await laptop.get('/');
      expect(body).toContain('a &lt;lamp&gt;');
      expect(body).toMatch(/GetItem[^]*1 call</);
      expect((await laptop.get('/your-devices')).body).toContain('This device');
    });

    it('keeps a session in one item, which the index has by its user, and its data encrypted', async () => {
      const user = `user-${randomUUID()}`;
      const laptop = await signedIn('laptop', user);
      await laptop.send('PUT', '/data/theme', 'dark');
      const [id = '', secret = ''] = laptop.cookies.get('__Host-id')?.split('.') ?? [];

      const item = await itemOf(id);
      expect(item).toMatchObject({ user: { S: `s:${user}` }, wrappedKey: { B: expect.any(Uint8Array) } });
      expect(item?.['data.theme']?.B).toHaveLength('"dark"'.length + 29);
      expect(Number(item?.[TTL_ATTRIBUTE]?.N)).toBeGreaterThan(now());
      expect(JSON.stringify(item)).not.toContain(secret);

      const { Items } = await dynamodb.send(
        new QueryCommand({
          TableName: outputs.Sessions.TableName,
          IndexName: USER_INDEX.indexName,
          KeyConditionExpression: '#user = :user',
          ExpressionAttributeNames: { '#user': USER_INDEX.partitionKey },
          ExpressionAttributeValues: { ':user': { S: `s:${user}` } },
        }),
      );
      expect(Items).toEqual([
        {
          [PARTITION_KEY]: { S: id },
          [USER_INDEX.partitionKey]: { S: `s:${user}` },
          [USER_INDEX.sortKey]: item?.[USER_INDEX.sortKey],
        },
      ]);
    });

    it('lists the devices, and revokes one of them', async () => {
      const user = `user-${randomUUID()}`;
      const [laptop, phone] = [await signedIn('laptop', user), await signedIn('phone', user)];
      const devices = (await laptop.get('/devices')).body as { id: string; current: boolean; userAgent: string }[];
      expect(
        devices.map(({ userAgent, current }) => `${userAgent} ${current}`).toSorted((a, b) => a.localeCompare(b)),
      ).toEqual(['laptop true', 'phone false']);
      const lost = devices.find(({ current }) => !current)?.id;
      expect(await laptop.send('DELETE', `/devices/${lost}`)).toMatchObject({ status: 200, body: { revoked: lost } });
      expect([await userId(laptop), await userId(phone)]).toEqual([user, null]);
    });

    it('logs out everywhere', async () => {
      const user = `user-${randomUUID()}`;
      const [laptop, phone] = [await signedIn('laptop', user), await signedIn('phone', user)];
      const copy = browser('laptop');
      for (const [cookie, value] of laptop.cookies) copy.cookies.set(cookie, value);
      expect(await laptop.send('POST', '/logout-everywhere')).toMatchObject({ status: 200, body: { userId: null } });
      expect(laptop.cookies.size).toBe(0);
      expect([await userId(copy), await userId(phone)]).toEqual([null, null]);
    });
  });

  it('has a schedule that fires, and deletes what has expired', async () => {
    const [expired, alive] = [await plant(now() - 3 * 86_400), await plant(now() + 3_600)];
    await expect
      .poll(() => itemOf(expired), { timeout: 90_000 - (Date.now() - deployed), interval: 250 })
      .toBeUndefined();
    expect(await itemOf(alive)).toBeDefined();
  }, 100_000);

  it('keeps its URLs, its table and its sessions when a stack is updated', async () => {
    const laptop = new Browser(outputs.SessionsDemo.FunctionUrl, aws.port, 'laptop');
    await laptop.send('POST', '/login', { name: 'user-1' });

    const out = join(folder.path, 'updated');
    await synthesiseUpdate(out);
    expect(await deploy(out)).toEqual(outputs);
    expect(await describeStack(aws.endpoint, 'SessionsDemo')).toContain('UPDATE_COMPLETE');
    expect(await laptop.get('/session')).toMatchObject({ status: 200, body: { userId: 'user-1' } });
  }, 120_000);

  it('lets another stack use the table by its name, and keep the same sessions in it', async () => {
    const laptop = new Browser(outputs.SessionsDemo.FunctionUrl, aws.port, 'laptop');
    await laptop.send('POST', '/login', { name: 'user-1' });

    const out = join(folder.path, 'other');
    await synthesiseOther(out, outputs.Sessions.TableName);
    const { OtherDemo } = (await deploy(out)) as unknown as { OtherDemo: Outputs['SessionsDemo'] };
    const other = new Browser(OtherDemo.FunctionUrl, aws.port, 'laptop');
    for (const [cookie, value] of laptop.cookies) other.cookies.set(cookie, value);
    expect(await other.get('/session')).toMatchObject({ status: 200, body: { userId: 'user-1' } });

    await deleteStack(aws.endpoint, 'OtherDemo');
    expect(await laptop.get('/session')).toMatchObject({ status: 200, body: { userId: 'user-1' } });
  }, 120_000);

  it('leaves nothing of an ephemeral store when its stacks are deleted', async () => {
    for (const stack of ['SessionsDemo', 'Sessions']) await deleteStack(aws.endpoint, stack);
    expect((await dynamodb.send(new ListTablesCommand())).TableNames).toEqual([]);
    const laptop = new Browser(outputs.SessionsDemo.FunctionUrl, aws.port, 'laptop');
    expect((await laptop.get('/session')).status).not.toBe(200);
  });
});

/** Makes of the template one that ministack takes. */
async function simplifyAlarms(out: string): Promise<void> {
  const file = join(out, 'Sessions.template.json');
  await writeFile(file, JSON.stringify(withPlainAlarms(JSON.parse(await readFile(file, 'utf8')) as Template)));
}

/** An app that writes its templates here. */
async function newApp(outdir: string): Promise<App> {
  const file = fileURLToPath(new URL('../../cdk.json', import.meta.url));
  const { context } = JSON.parse(await readFile(file, 'utf8')) as { context: Record<string, unknown> };
  return new App({ outdir, context });
}

/** The same app, the demo's function with more memory. */
async function synthesiseUpdate(outdir: string): Promise<void> {
  const app = await newApp(outdir);
  const { store } = new SessionsStack(app, 'Sessions', {
    cleanupSchedule: CONTEXT.cleanupSchedule,
    ephemeral: CONTEXT.ephemeral === 'true',
  });
  const demo = new DemoStack(app, 'SessionsDemo', { store });
  for (const construct of demo.node.findAll()) if (construct instanceof CfnFunction) construct.memorySize = 1_024;
  app.synth();
}

/** An app with nothing but a demo, on a table that is there already. */
async function synthesiseOther(outdir: string, tableName: string): Promise<void> {
  const app = await newApp(outdir);
  const table = new Stack(app, 'Table');
  new DemoStack(app, 'OtherDemo', { store: SessionStore.fromTableName(table, 'Store', tableName) });
  app.synth();
}
