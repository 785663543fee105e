import { createSessionTable } from '../dynamodb/create-session-table.js';
import { running } from './action.js';
import { connect, isLocal } from './connection.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import type { StrictCommand } from './strict-command.js';
import { UsageError } from './usage-error.js';

export function addCreateTable(program: StrictCommand): void {
  program
    .command('create-table')
    .description('Create the table on a local engine. In the cloud, SessionStore does it.')
    .action(
      running(async (options) => {
        if (!isLocal(options)) {
          throw new UsageError(
            'create-table is for a local engine: give --endpoint, such as http://127.0.0.1:8000. In the cloud, deploy SessionStore.',
          );
        }
        const { client, tableName } = await connect(options);
        await createSessionTable(client, { tableName });
        print(options, { table: tableName, created: true }, () => `Created the table ${tableName}.`);
        return EXIT.done;
      }),
    );
}
