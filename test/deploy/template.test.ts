import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { PARTITION_KEY, TTL_ATTRIBUTE } from '../../src/table-schema.js';
import type { Template } from '../../templates/template.js';
import { templates } from '../../templates/templates.js';
import { BUCKET, invokeCleanup, readBundle, uploadCode } from './cleanup-function.js';
import { deployStack, describeStack, physicalId } from './cloudformation.js';
import { createLambdaFolder } from './lambda-folder.js';
import { Ministack } from './ministack.js';
import { withPlainAlarms } from './plain-alarms.js';

// The proof that what `dynamodb-sessions template --format cloudformation` prints gives a table and a cleanup that work,
// on an AWS on this machine. What it does not show is told in deploy.test.ts.

const NAME = 'sessions';

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

    const [printed, version] = [templates().cloudformation, { version: '1.1' } as const];
    const template = stringify(withPlainAlarms(parse(printed, version) as Template), version);
    const parameters = { CleanupCodeBucket: BUCKET, CleanupCodeKey: 'cleanup.zip' };
    await uploadCode(aws.endpoint, folder.path, parameters.CleanupCodeKey, await readBundle());
    await deployStack(aws.endpoint, 'Create', NAME, template, parameters);
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
    expect(await invokeCleanup(aws.endpoint, name)).toMatchObject({ kind: 'finished', deleted: 1 });
    expect([await isThere(missed), await isThere(fresh), await isThere(alive)]).toEqual([false, true, true]);
  });
});
