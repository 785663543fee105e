import { createSessionTable } from '../dynamodb/create-session-table.js';
import { running } from './action.js';
import { connect, isLocal } from './connection.js';
import { ensureTable } from './ensure-table.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import type { StrictCommand } from './strict-command.js';
import { UsageError } from './usage-error.js';

interface CreateTableOptions {
  readonly ifNotExists?: boolean;
}

export function addCreateTable(program: StrictCommand): void {
  program
    .command('create-table')
    .description('Create the table on a local engine. In the cloud, SessionStore does it.')
    .option('--if-not-exists', 'succeed if the session table already exists')
    .action(
      running<CreateTableOptions>(async ({ ifNotExists = false, ...options }) => {
        if (!isLocal(options)) {
          throw new UsageError(
            'create-table is for a local engine: give --endpoint, such as http://127.0.0.1:8000. In the cloud, deploy SessionStore.',
          );
        }
        const connection = await connect(options);
        const { client, tableName } = connection;
        let created = true;
        if (ifNotExists) created = await ensureTable(connection);
        else await createSessionTable(client, { tableName });
        print(options, { table: tableName, created }, () =>
          created ? `Created the table ${tableName}.` : `The table ${tableName} already exists.`,
        );
        return EXIT.done;
      }),
    );
}
