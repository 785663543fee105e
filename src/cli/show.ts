import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { epochSeconds, systemClock } from '../core/clock.js';
import { loggedOutBy } from '../core/marks.js';
import { DynamoDBPersistenceLayer } from '../dynamodb/dynamodb-persistence-layer.js';
import { getSession } from '../table/commands.js';
import { readItem } from '../table/item.js';
import type { Item } from '../table/port.js';
import { Sender } from '../dynamodb/sender.js';
import { running } from './action.js';
import { type Connection, connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import { readSessionId } from './session-id.js';
import { documentOf, type SessionState, wordsOf } from './session-view.js';
import type { StrictCommand } from './strict-command.js';

interface ShowOptions {
  readonly data?: boolean;
}

export function addShow(program: StrictCommand): void {
  program
    .command('show')
    .description('Show one session: its user, its times, and the size of its data.')
    .argument('<id>', 'the session ID, as list prints it')
    .option('--data', 'also show the data’s values, as they are stored; they may be private')
    .action(
      running<ShowOptions>(async (options, argument = '') => {
        const id = readSessionId(argument);
        const connection = await connect(options);
        const item = await itemAt(connection, id);
        if (item === undefined) {
          print(options, { id, state: 'none' }, () => `There is no session ${id}.`);
          return EXIT.notAll;
        }
        const now = epochSeconds(systemClock);
        const state = await stateOf(connection, id, item, now);
        const view = { id, item, state, withValues: options.data === true };
        print(options, documentOf(view), () => wordsOf(view, now));
        return state === 'live' ? EXIT.done : EXIT.notAll;
      }),
    );
}

async function itemAt({ client, tableName, timeoutMs }: Connection, id: string): Promise<Item | undefined> {
  const input = getSession(tableName, id, true);
  const answer = await new Sender(client, timeoutMs).send({}, new GetItemCommand(input));
  return answer.Item;
}

/** Whether a request with the session's cookie would find it, and if not, why. */
async function stateOf(connection: Connection, id: string, item: Item, now: number): Promise<SessionState> {
  const stored = readItem(item);
  if (stored.kind !== 'session') return stored.kind === 'tombstone' ? 'ended' : stored.kind;
  const { userId, expiresAt, login } = stored.record;
  if (expiresAt <= now) return 'expired';
  if (userId === undefined) return 'live';
  const layer = new DynamoDBPersistenceLayer(connection);
  return loggedOutBy(id, stored.record, await layer.loadMarks(userId, { login })) === undefined ? 'live' : 'logged-out';
}
