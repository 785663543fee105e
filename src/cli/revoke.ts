import { DynamoDBPersistenceLayer } from '../dynamodb/dynamodb-persistence-layer.js';
import { running } from './action.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import { quietSessions } from './quiet-sessions.js';
import { readSessionId } from './session-id.js';
import type { StrictCommand } from './strict-command.js';

export function addRevoke(program: StrictCommand): void {
  program
    .command('revoke')
    .description('End one session.')
    .argument('<id>', 'the session ID, as list prints it')
    .action(
      running(async (options, argument = '') => {
        const id = readSessionId(argument);
        const persistence = new DynamoDBPersistenceLayer(await connect(options));
        const revoked = await quietSessions(persistence).revoke(id);
        print(options, { id, revoked }, () =>
          revoked ? `The session ${id} has ended.` : `There is no live session ${id}.`,
        );
        return revoked ? EXIT.done : EXIT.notAll;
      }),
    );
}
