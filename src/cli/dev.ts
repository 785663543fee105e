import { once } from 'node:events';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { TABLE_ENVIRONMENT } from '../table-schema.js';
import { running } from './action.js';
import { connect } from './connection.js';
import { withEngine } from './embedded-engine.js';
import { ensureTable } from './ensure-table.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { interruptible } from './interruption.js';
import { note, print } from './output.js';
import type { StrictCommand } from './strict-command.js';
import { UsageError } from './usage-error.js';
import { wholeNumber } from './whole-number.js';

interface DevOptions {
  readonly port: number;
  readonly data?: string;
}

const DEFAULT_TABLE = 'Sessions';
const DEFAULT_REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export function addDev(program: StrictCommand): void {
  program
    .command('dev')
    .description(`Run an embedded DynamoDB with the table, for development. The table is ${DEFAULT_TABLE} by default.`)
    .option('--port <number>', 'listen on this port of 127.0.0.1; 0 for a free one', wholeNumber(0, 65_535), 8_000)
    .option('--data <path>', 'keep the data in this folder (default: in RAM)')
    .action(
      running<DevOptions>(async ({ port, data, ...options }) => {
        if (options.endpoint !== undefined) {
          throw new UsageError(
            'dev runs its own engine: leave out --endpoint. For another engine, use create-table --if-not-exists.',
          );
        }
        const { table = DEFAULT_TABLE, region = DEFAULT_REGION } = options;
        let exitCode: ExitCode = EXIT.done;
        await withEngine(
          { port, ...(data !== undefined && { data }) },
          async (endpoint) => {
            const connection = await connect({ table, region, endpoint }, createLocalClient);
            await ensureTable(connection);
            connection.client.destroy();
          },
          async (endpoint) => {
            const { interrupted } = await interruptible(async (signal) => {
              const variables = environmentFor(endpoint, table, region);
              print(options, { endpoint, table, variables }, () => exportsOf(variables));
              note(`\nDynamoDB runs at ${endpoint}. Its data is in ${data ?? 'RAM'}.`);
              note('Paste the lines above into the shell of your application. Ctrl-C stops it.');
              await once(signal, 'abort');
            }, '\nStopping.');
            exitCode = interrupted ?? EXIT.done;
          },
        );
        return exitCode;
      }),
    );
}

/** Whatever credentials this machine has, they are not for this engine. */
const createLocalClient = (config: DynamoDBClientConfig): DynamoDBClient =>
  new DynamoDBClient({ ...config, credentials: CREDENTIALS });

/** What an application needs to find the table. The credentials are made up: the engine takes any, but the SDK wants some. */
function environmentFor(endpoint: string, table: string, region: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    [TABLE_ENVIRONMENT.tableName]: table,
    [TABLE_ENVIRONMENT.region]: region,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
}

/** Nothing in the values means anything to a shell: names and URLs are checked. */
const exportsOf = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}`)
    .join('\n');
