import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { PARTITION_KEY, TTL_ATTRIBUTE } from '../../src/table-schema.js';
import type { Template } from '../../templates/template.js';
import { templates } from '../../templates/templates.js';
import { createStack, describeStack, physicalId } from './cloudformation.js';
import { createLambdaFolder } from './lambda-folder.js';
import { findPython } from '../world/python.js';
import { Ministack } from './ministack.js';

// The proof that what `dynamodb-sessions template --format cloudformation` prints gives a table and a cleanup that work,
// on an AWS on this machine. What it does not show is told in deploy.test.ts.

const NAME = 'sessions';
const BUNDLE = join(import.meta.dirname, '../../.cache/cleanup/index.mjs');

describe.skipIf(!inject('hasMinistack'))('the template for CloudFormation', () => {
  let folder: Awaited<ReturnType<typeof createLambdaFolder>>;
  let aws: Ministack;
  let dynamodb: DynamoDBClient;
  let tableName: string;

  const now = (): number => Math.floor(Date.now() / 1_000);
  const plant = async (expiresAt: number): Promise<string> => {
    const id = randomUUID();
    const Item = { [PARTITION_KEY]: { S: id }, [TTL_ATTRIBUTE]: { N: String(expiresAt) }, version: { N: '1' } };
    await dynamodb.send(new PutItemCommand({ TableName: tableName, Item }));
    return id;
  };
  const isThere = async (id: string): Promise<boolean> =>
    (await dynamodb.send(new GetItemCommand({ TableName: tableName, Key: { [PARTITION_KEY]: { S: id } } }))).Item !==
    undefined;

  beforeAll(async () => {
    folder = await createLambdaFolder();
    aws = await Ministack.start(folder.path);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    dynamodb = new DynamoDBClient({ endpoint: aws.endpoint, region: 'us-east-1', credentials });

    await put(aws.endpoint, 'code');
    await put(aws.endpoint, 'code/cleanup.zip', await zipped(folder.path));
    const parameters = { CleanupCodeBucket: 'code', CleanupCodeKey: 'cleanup.zip' };
    await createStack(aws.endpoint, NAME, withPlainAlarms(templates().cloudformation), parameters);
    const [, table] = /<OutputKey>SessionsTableName<\/OutputKey>\s*<OutputValue>(.*?)<\/OutputValue>/.exec(
      await describeStack(aws.endpoint, NAME),
    ) as unknown as [string, string];
    tableName = table;
  });
  afterAll(async () => {
    dynamodb?.destroy();
    await aws?.stop();
    await folder?.remove();
  });

  it('makes a table that keeps sessions, and finds them by their user', async () => {
    const persistence = new DynamoDBPersistenceLayer({ client: dynamodb, tableName });
    const sessions = new Sessions({ persistence });
    const session = await sessions.start();
    await session.logIn({ id: 'user-1' });
    expect(await session.commit()).toMatchObject({ kind: 'set' });
    expect(await sessions.ofUser('user-1')).toHaveLength(1);
  });

  it('makes a cleanup that deletes what TTL has missed', async () => {
    const [missed, fresh, alive] = [
      await plant(now() - 3 * 86_400),
      await plant(now() - 3_600),
      await plant(now() + 3_600),
    ];
    const name = await physicalId(aws.endpoint, NAME, 'SessionsCleanupFunction');
    const answer = await fetch(`${aws.endpoint}/2015-03-31/functions/${name}/invocations`, {
      method: 'POST',
      headers: { authorization: authorization('lambda') },
      body: '{}',
    });
    expect(await answer.json()).toMatchObject({ kind: 'finished', deleted: 1 });
    expect([await isThere(missed), await isThere(fresh), await isThere(alive)]).toEqual([false, true, true]);
  });
});

/** The bundle as the head of the template says, by a program that is there: ministack is one of Python. */
async function zipped(folder: string): Promise<Buffer> {
  await cp(BUNDLE, join(folder, 'index.mjs'));
  execFileSync(findPython() as string, ['-m', 'zipfile', '-c', 'cleanup.zip', 'index.mjs'], { cwd: folder });
  return readFile(join(folder, 'cleanup.zip'));
}

async function put(endpoint: string, path: string, body: Buffer = Buffer.alloc(0)): Promise<void> {
  const answer = await fetch(`${endpoint}/${path}`, {
    method: 'PUT',
    headers: { authorization: authorization('s3') },
    body: new Uint8Array(body),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

const authorization = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`;

/** ministack refuses alarms on metrics that are computed from others. */
function withPlainAlarms(text: string): string {
  const { Resources, ...sections } = parse(text, { version: '1.1' }) as Template;
  const plain = Object.entries(Resources).map(([id, { Properties, ...resource }]) => {
    const { Metrics, ...others } = Properties;
    const metric = { Namespace: 'Test', MetricName: 'Computed', Statistic: 'Sum', Period: 60 };
    return [id, { ...resource, Properties: Metrics === undefined ? Properties : { ...others, ...metric } }];
  });
  return stringify({ ...sections, Resources: Object.fromEntries(plain) }, { version: '1.1' });
}
