import { DynamoDBPersistenceLayer } from '../dynamodb/dynamodb-persistence-layer.js';
import { running } from './action.js';
import { isConfirmed } from './confirmation.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import { quietSessions } from './quiet-sessions.js';
import type { StrictCommand } from './strict-command.js';

interface LogOutEveryoneOptions {
  readonly yes?: boolean;
}

export function addLogOutEveryone(program: StrictCommand): void {
  program
    .command('log-out-everyone')
    .description('End the logged-in sessions of all users, for example after a theft of cookies or of the table.')
    .option('--yes', 'do not ask')
    .action(
      running<LogOutEveryoneOptions>(async (options) => {
        const connection = await connect(options);
        const { tableName } = connection;
        const done = await isConfirmed(`End the sessions of all users in the table ${tableName}?`, options);
        if (done) {
          const persistence = new DynamoDBPersistenceLayer(connection);
          await quietSessions(persistence).logOutEveryone();
        }
        print(options, { table: tableName, loggedOut: done }, () => (done ? DONE : 'Nothing was ended.'));
        return done ? EXIT.done : EXIT.notAll;
      }),
    );
}

const DONE = `Logged everyone out. Each session is refused when the marks are next checked: within 10 seconds with
revocationCheck: 'always', otherwise within the application’s touch interval (5 minutes by default) and 10 seconds.
A refused session ends. A session that nobody uses any more stays in the table until it expires.`;
