import { join } from 'node:path';
import { type AttributeValue, DescribeTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { only, type Template } from '../../templates/template.js';
import earlier from '../cdk/earlier-version.json' with { type: 'json' };
import { invokeCleanup, readBundle, uploadCode } from './cleanup-function.js';
import { deployStack, listResources, physicalId } from './cloudformation.js';
import { createLambdaFolder } from './lambda-folder.js';
import { Ministack } from './ministack.js';
import { withPlainAlarms } from './plain-alarms.js';
import { codeKeyOf, synthesizeStore } from './store-template.js';

// A stack of the construct's earlier version, with a session that the library's earlier version stored, becomes one of
// today's. What CloudFormation would replace, and ministack would not: test/cdk/upgrade.test.ts. The table has a name,
// because ministack replaces a global table without one whenever one of its properties changes.

const [STACK, TABLE] = ['Sessions', 'sessions'];

describe.skipIf(!inject('hasMinistack'))('a stack of the earlier version that is updated to this one', () => {
  let folder: Awaited<ReturnType<typeof createLambdaFolder>>;
  let aws: Ministack;
  let dynamodb: DynamoDBClient;
  let today: Template;
  const before = { table: undefined as string | undefined, cleanup: undefined as unknown };
  const tableId = async (): Promise<string | undefined> =>
    (await dynamodb.send(new DescribeTableCommand({ TableName: TABLE }))).Table?.TableId;
  const runCleanup = async (template: Template): Promise<unknown> => {
    const [id] = only(template, 'AWS::Lambda::Function');
    return invokeCleanup(aws.endpoint, await physicalId(aws.endpoint, STACK, id));
  };

  beforeAll(async () => {
    folder = await createLambdaFolder();
    aws = await Ministack.start(folder.path);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    dynamodb = new DynamoDBClient({ endpoint: aws.endpoint, region: 'us-east-1', credentials });

    const template = earlier.template as unknown as Template;
    today = await synthesizeStore(join(folder.path, 'cdk.out'), STACK, { tableName: TABLE });
    const earlierCode = `export const handler = () => ({ version: 'earlier' });`;
    await uploadCode(aws.endpoint, folder.path, codeKeyOf(template), earlierCode);
    await uploadCode(aws.endpoint, folder.path, codeKeyOf(today), await readBundle());

    await deployStack(aws.endpoint, 'Create', STACK, JSON.stringify(withPlainAlarms(template)));
    before.table = await tableId();
    await dynamodb.send(new PutItemCommand({ TableName: TABLE, Item: storedItem() }));
    before.cleanup = await runCleanup(template);
    await deployStack(aws.endpoint, 'Update', STACK, JSON.stringify(withPlainAlarms(today)));
  });
  afterAll(async () => {
    dynamodb?.destroy();
    await aws?.stop();
    await folder?.remove();
  });

  it('keeps its table, and the session that is in it', async () => {
    expect(before.table).toEqual(expect.any(String));
    expect(await tableId()).toBe(before.table);
    const persistence = new DynamoDBPersistenceLayer({ client: dynamodb, tableName: TABLE });
    const clock = { now: () => earlier.session.writtenAt + 60_000 };
    const sessions = new Sessions({ persistence, clock });
    const session = await sessions.start({ tokens: [earlier.session.token] });
    expect({ user: session.userId, theme: session.get('theme') }).toEqual({ user: 'user-1', theme: 'dark' });
    expect(await sessions.ofUser('user-1')).toHaveLength(1);
  });

  it('has all else of this version, and nothing more of the earlier one', async () => {
    const resources = new Set(Object.keys(today.Resources));
    expect(new Set(await listResources(aws.endpoint, STACK))).toEqual(resources);
    expect(new Set(Object.keys(earlier.template.Resources))).not.toEqual(resources);
    expect(before.cleanup).toEqual({ version: 'earlier' });
    expect(await runCleanup(today)).toMatchObject({ kind: 'finished', deleted: 0 });
  });
});

/** The item as the earlier version has stored it. Bytes are base64 in JSON. */
function storedItem(): Record<string, AttributeValue> {
  const attributes = Object.entries(earlier.session.item as Record<string, Record<string, string>>);
  return Object.fromEntries(
    attributes.map(([name, value]) => [
      name,
      value['B'] === undefined ? value : { B: Buffer.from(value['B'], 'base64') },
    ]),
  ) as Record<string, AttributeValue>;
}
