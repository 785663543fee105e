import { DynamoDBPersistenceLayer } from '../dynamodb/dynamodb-persistence-layer.js';
import { exportUser, type UserExport } from '../personal-data/export-user.js';
import { running } from './action.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { note, print } from './output.js';
import { count } from './quantities.js';
import { quietSessions } from './quiet-sessions.js';
import type { StrictCommand } from './strict-command.js';
import { addUser, type NamedUser, readUser, sayUser, typeHint } from './user-option.js';

export function addExport(program: StrictCommand): void {
  addUser(program.command('export'))
    .description('Print everything that is stored of a user, as JSON: private data, and no secret.')
    .action(
      running<NamedUser>(async (options) => {
        const userId = readUser(options);
        const persistence = new DynamoDBPersistenceLayer(await connect(options));
        const exported = await exportUser(quietSessions(persistence), userId);
        print({ json: true }, exported, () => '');
        const unread = countOf(exported, 'unreadable');
        if (unread > 0)
          note(
            `${count(unread, 'value')} could not be read. If your application has a codec of its own, call exportUser there.`,
          );
        const encrypted = countOf(exported, 'encrypted');
        if (encrypted > 0)
          note(
            encrypted === 1
              ? '1 value is encrypted: only the cookie of its session opens it.'
              : `${count(encrypted, 'value')} are encrypted: only the cookie of their session opens them.`,
          );
        if (exported.sessions.length > 0 || exported.mark !== undefined) return EXIT.done;
        note(`Nothing is stored of the user ${sayUser(userId)}.${typeHint(userId)}`);
        return EXIT.notAll;
      }),
    );
}

const countOf = ({ sessions }: UserExport, kind: 'encrypted' | 'unreadable'): number =>
  sessions.flatMap(({ data = {} }) => Object.values(data)).filter((value) => kind in value).length;
