import type { SessionSummary } from '../core/sessions.js';
import { epochSeconds, systemClock } from '../core/clock.js';
import { userKey } from '../core/user-id.js';
import { DynamoDBPersistenceLayer } from '../dynamodb/dynamodb-persistence-layer.js';
import { running } from './action.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import { printable } from './printable.js';
import { count, fromNow } from './quantities.js';
import { quietSessions } from './quiet-sessions.js';
import type { StrictCommand } from './strict-command.js';
import { textTable } from './text-table.js';
import { addUser, type NamedUser, readUser, sayUser, typeHint } from './user-option.js';

export function addList(program: StrictCommand): void {
  addUser(program.command('list'))
    .description('List the live sessions of a user, most recently seen first.')
    .action(
      running<NamedUser>(async (options) => {
        const userId = readUser(options);
        const persistence = new DynamoDBPersistenceLayer(await connect(options));
        const sessions = await quietSessions(persistence).ofUser(userId);
        const none = `The user ${sayUser(userId)} has no live session.${typeHint(userId)}`;
        print(options, { user: userKey(userId), sessions: sessions.map(documentOf) }, () =>
          sessions.length === 0
            ? none
            : `${count(sessions.length, 'live session')} of the user ${sayUser(userId)}\n\n${tableOf(sessions)}`,
        );
        return sessions.length === 0 ? EXIT.notAll : EXIT.done;
      }),
    );
}

const documentOf = ({ current: _, ...summary }: SessionSummary): unknown => summary;

function tableOf(sessions: readonly SessionSummary[]): string {
  const now = epochSeconds(systemClock);
  // A damaged item may hold a time that no Date can.
  const say = (date: Date): string => (Number.isNaN(date.getTime()) ? '–' : fromNow(date.getTime() / 1_000, now));
  const isAny = sessions.some(({ encrypted }) => encrypted);
  return textTable(
    ['ID', 'SEEN', 'CREATED', 'ENDS', ...(isAny ? ['DATA'] : []), 'ADDRESS', 'USER AGENT'],
    sessions.map(({ id, lastSeenAt, createdAt, expiresAt, address, userAgent, encrypted }) => [
      id,
      say(lastSeenAt),
      say(createdAt),
      say(expiresAt),
      ...(isAny ? [encrypted ? 'encrypted' : 'plain'] : []),
      printable(address ?? '–'),
      printable(userAgent ?? '–'),
    ]),
  );
}
