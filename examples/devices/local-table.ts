/** The table as `cdk deploy` would make it, on a local engine. It is made from the same template, so the two cannot differ. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { SessionStore } from 'dynamodb-sessions/cdk';

/** What a template says of a table, in the words of DynamoDB's own API. */
interface TableResource {
  readonly Type: string;
  readonly Properties: CreateTableCommandInput & {
    readonly TimeToLiveSpecification: { readonly AttributeName: string; readonly Enabled: boolean };
  };
}

/** Creates the table unless it is there already. */
export async function createLocalTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode, TimeToLiveSpecification } =
    await synthesizedTable();
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        AttributeDefinitions,
        KeySchema,
        GlobalSecondaryIndexes,
        BillingMode,
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    return;
  }
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName: tableName });
  try {
    await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }));
  } catch (error) {
    // The embedded engine has no TTL.
    if ((error as Error).name !== 'UnknownOperationException') throw error;
  }
}

async function synthesizedTable(): Promise<TableResource['Properties']> {
  process.env.CDK_VALIDATION = 'false'; // takes seconds, and is done by `cdk synth`
  const outdir = await mkdtemp(join(tmpdir(), 'sessions-template-'));
  try {
    const app = new App({ outdir, analyticsReporting: false });
    new SessionStore(new Stack(app, 'Sessions'), 'Store', { cleanup: false, alarms: false, dashboard: false });
    const { Resources } = app.synth().getStackByName('Sessions').template as {
      Resources: Record<string, TableResource>;
    };
    const table = Object.values(Resources).find(({ Type }) => Type === 'AWS::DynamoDB::GlobalTable');
    if (table === undefined) throw new Error('The template of SessionStore has no table.');
    return table.Properties;
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}
