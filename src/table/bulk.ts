import { setTimeout as delay } from 'node:timers/promises';
import { timeOf } from '../core/clock.js';
import { StoreUnavailableError } from '../core/errors.js';
import type { CallOptions, DeleteOptions } from '../core/persistence-layer.js';
import { mintWriteMark } from '../core/token.js';
import { getItems } from './commands.js';
import { incomplete } from './failure.js';
import { tombstoneOf } from './item.js';
import type { Item, Port, WriteRequest } from './port.js';

/** Many items in few calls. What DynamoDB leaves unprocessed is asked again, with growing pauses, until it is done. */

const MOST_READS = 100;
const MOST_WRITES = 25;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
const MOST_ROUNDS = 10;

/** The items that exist of those IDs: whole, or as a list needs them. */
export async function getAll(
  port: Port,
  options: CallOptions,
  tableName: string,
  ids: readonly string[],
  forList = false,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const groups = groupsOf(MOST_READS, [...new Set(ids)]).map((group) => getItems(group, forList));
  await Promise.all(
    groups.map((group) =>
      untilDone(group, options, async (keys) => {
        const answer = await port.send(options, 'BatchGetItem', { RequestItems: { [tableName]: keys } });
        if (answer.Responses === undefined) throw incomplete();
        items.push(...(onlyTable(answer.Responses) ?? []));
        return onlyTable(answer.UnprocessedKeys);
      }),
    ),
  );
  return items;
}

/** Puts a tombstone in the place of each, the groups in parallel, whatever is there. */
export async function endAll(
  port: Port,
  options: DeleteOptions,
  tableName: string,
  ids: readonly string[],
): Promise<void> {
  const tombstones = [...new Set(ids)].map((id) => tombstoneOf(id, timeOf(options), mintWriteMark(), options));
  const groups: WriteRequest[][] = groupsOf(MOST_WRITES, tombstones).map((group) =>
    group.map((Item) => ({ PutRequest: { Item } })),
  );
  await Promise.all(
    groups.map((group) =>
      untilDone(group, options, async (requests) => {
        const answer = await port.send(options, 'BatchWriteItem', { RequestItems: { [tableName]: requests } });
        return onlyTable(answer.UnprocessedItems);
      }),
    ),
  );
}

/** What an answer says of the table that was asked: by its name, although the question may have named its ARN. */
const onlyTable = <Part>(parts: Readonly<Record<string, Part>> = {}): Part | undefined => Object.values(parts)[0];

/** Asks, and asks again for what is left, with growing pauses: until all is done, or there is no time or patience left. */
async function untilDone<Work>(
  work: Work | undefined,
  { deadline = Number.POSITIVE_INFINITY }: CallOptions,
  ask: (work: Work) => Promise<Work | undefined>,
): Promise<void> {
  let left = work;
  for (let round = 1; left !== undefined; round += 1) {
    left = await ask(left);
    if (left === undefined) return;
    if (round === MOST_ROUNDS) {
      throw new StoreUnavailableError('DynamoDB kept leaving items unprocessed; some are done.', { retryable: true });
    }
    const pause = Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** round, LONGEST_PAUSE_MS);
    await delay(Math.max(0, Math.min(pause, deadline - Date.now())));
  }
}

function groupsOf<T>(size: number, items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, group) =>
    items.slice(group * size, (group + 1) * size),
  );
}
