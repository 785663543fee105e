import { epochSeconds, systemClock, timestamp } from '../core/clock.js';
import { type UserId, userKey } from '../core/user-id.js';
import { type Erasure, eraseUser } from '../personal-data/erase-user.js';
import { running } from './action.js';
import { isConfirmed } from './confirmation.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { LogOutLayer } from './log-out-layer.js';
import { print } from './output.js';
import { count, fromNow } from './quantities.js';
import { quietSessions } from './quiet-sessions.js';
import type { StrictCommand } from './strict-command.js';
import { sayingWhatIsLeft } from './unfinished-log-out.js';
import { addUser, type NamedUser, readUser, sayUser, typeHint } from './user-option.js';

interface EraseOptions extends NamedUser {
  readonly idleTimeout?: string;
  readonly yes?: boolean;
}

/** The longest that `Sessions` takes: in seconds. */
const LONGEST_IDLE_TIMEOUT = 400 * 86_400;

export function addErase(program: StrictCommand): void {
  addUser(program.command('erase'))
    .description('Erase what is stored of a user: ends all sessions, and says what remains and until when.')
    .option(
      '--idle-timeout <seconds>',
      'how long a session of your applications lives without a request; the user’s mark is kept a day longer, by default 401 days',
    )
    .option('--yes', 'do not ask')
    .action(
      running<EraseOptions>(async (options) => {
        const userId = readUser(options);
        const connection = await connect(options);
        const layer = new LogOutLayer(connection);
        const sessions = quietSessions(layer, { idleTimeout: Number(options.idleTimeout ?? LONGEST_IDLE_TIMEOUT) });

        const before = (await layer.userSessions(userId)).length;
        const question = `Erase ${count(before, 'session')} of the user ${sayUser(userId)} in the table ${connection.tableName}?`;
        if (!(await isConfirmed(question, options))) {
          print(options, { user: userKey(userId), erased: 0 }, () => 'Nothing was erased.');
          return EXIT.notAll;
        }
        const erasure = await sayingWhatIsLeft(layer, () => eraseUser(sessions, userId));
        const erased = layer.removed;
        print(options, { user: userKey(userId), erased, ...erasure }, () => wordsFor(userId, erased, erasure, options));
        return erasure.sessions === 0 ? EXIT.done : EXIT.notAll;
      }),
    );
}

function wordsFor(
  userId: UserId,
  erased: number,
  { sessions, markUntil, tombstonesUntil }: Erasure,
  { idleTimeout }: EraseOptions,
): string {
  const until = (date: Date): string => {
    const time = date.getTime() / 1_000;
    return `until ${timestamp(time)} (${fromNow(time, epochSeconds(systemClock))})`;
  };
  return [
    erased === 0
      ? `No session of the user ${sayUser(userId)} was found.${typeHint(userId)}`
      : `Erased ${count(erased, 'session')} of the user ${sayUser(userId)}.`,
    'What remains, until TTL or the cleanup removes it:',
    ...(markUntil === undefined ? [] : [`  the user’s mark, which holds the user ID, ${until(markUntil)}`]),
    ...(erased === 0 ? [] : [`  tombstones, without the user ID, ${until(tombstonesUntil)}`]),
    ...(sessions === 0
      ? []
      : [
          `  ${count(sessions, 'session')} that began meanwhile: see to it that the user cannot log in, and run it again`,
        ]),
    'A session too new for the index is dead by the mark; run it again in some minutes to erase it as well.',
    ...(idleTimeout === undefined ? ['Give --idle-timeout to have the mark removed sooner.'] : []),
  ].join('\n');
}
