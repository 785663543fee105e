import { type UserId, userKey } from '../core/user-id.js';
import { running } from './action.js';
import { isConfirmed } from './confirmation.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { LogOutLayer } from './log-out-layer.js';
import { print } from './output.js';
import { count } from './quantities.js';
import { quietSessions } from './quiet-sessions.js';
import type { StrictCommand } from './strict-command.js';
import { sayingWhatIsLeft } from './unfinished-log-out.js';
import { addUserType, readUserId, sayUser, typeHint, type UserOptions } from './user-option.js';

interface LogOutOptions extends UserOptions {
  readonly yes?: boolean;
}

export function addLogOut(program: StrictCommand): void {
  addUserType(program.command('log-out'))
    .description('End all sessions of a user, everywhere.')
    .argument('<user>', 'the user ID')
    .option('--yes', 'do not ask')
    .action(
      running<LogOutOptions>(async (options, argument = '') => {
        const userId = readUserId(argument, options);
        const connection = await connect(options);
        const layer = new LogOutLayer(connection);
        const sessions = quietSessions(layer);

        const before = (await sessions.ofUser(userId)).length;
        const question = `End ${count(before, 'session')} of the user ${sayUser(userId)} in the table ${connection.tableName}?`;
        if (before > 1 && !(await isConfirmed(question, options))) {
          print(options, { user: userKey(userId), ended: 0, removed: 0, since: 0 }, () => 'Nothing was ended.');
          return EXIT.notAll;
        }
        await sayingWhatIsLeft(layer, () => sessions.logOutUser(userId));
        const since = (await sessions.ofUser(userId)).length;
        const report = { user: userKey(userId), ended: before, removed: layer.removed, since };
        print(options, report, () => wordsFor(userId, report));
        return EXIT.done;
      }),
    );
}

interface LogOutReport {
  /** Live sessions that the index showed before. */
  readonly ended: number;
  /** Items replaced by a tombstone: also what had expired, or could not be read. */
  readonly removed: number;
  /** Sessions that began while this went on, and stay. */
  readonly since: number;
}

function wordsFor(userId: UserId, { ended, removed, since }: LogOutReport): string {
  const user = `the user ${sayUser(userId)}`;
  const more = removed - ended;
  return [
    ended === 0
      ? `No live session of ${user} was found.${typeHint(userId)}`
      : `Ended ${count(ended, 'session')} of ${user}.`,
    ...(more > 0 ? [`Removed ${count(more, 'other item')}: expired, unreadable, or written by a newer version.`] : []),
    'A session too new for the index ends within the application’s touch interval (5 minutes by default).',
    ...(since > 0 ? [`${count(since, 'session')} began meanwhile with a new login, and stayed.`] : []),
  ].join('\n');
}
