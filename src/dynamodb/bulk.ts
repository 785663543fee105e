import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  type KeysAndAttributes,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions } from '../core/persistence-layer.js';
import { PARTITION_KEY } from '../table-schema.js';
import { getItems } from './commands.js';
import type { Item } from './item.js';
import type { Sender } from './sending.js';

/** Many items in few calls. What DynamoDB leaves unprocessed is asked again, with growing pauses, until it is done. */

const MOST_READS = 100;
const MOST_WRITES = 25;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/** The items that exist of those IDs. */
export async function getAll(
  sender: Sender,
  options: CallOptions,
  tableName: string,
  ids: readonly string[],
): Promise<readonly Item[]> {
  const pages = await Promise.all(
    groupsOf(MOST_READS, ids).map((group) => getGroup(sender, options, tableName, group)),
  );
  return pages.flat();
}

async function getGroup(
  sender: Sender,
  options: CallOptions,
  tableName: string,
  ids: readonly string[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let wanted: Record<string, KeysAndAttributes> | undefined = getItems(tableName, ids).RequestItems;
  for (let round = 0; wanted?.[tableName] !== undefined; round += 1) {
    await pause(round);
    const input: BatchGetItemCommandInput = { RequestItems: wanted };
    const answer = await sender.send(options, (client, signal) => client.send(new BatchGetItemCommand(input), signal));
    items.push(...(answer.Responses?.[tableName] ?? []));
    wanted = answer.UnprocessedKeys;
  }
  return items;
}

/** Deletes all of them, the groups in parallel; that one does not exist is no error. */
export async function deleteAll(
  sender: Sender,
  options: CallOptions,
  tableName: string,
  ids: readonly string[],
): Promise<void> {
  await Promise.all(
    groupsOf(MOST_WRITES, [...new Set(ids)]).map((group) => deleteGroup(sender, options, tableName, group)),
  );
}

async function deleteGroup(
  sender: Sender,
  options: CallOptions,
  tableName: string,
  ids: readonly string[],
): Promise<void> {
  const keys: Record<string, AttributeValue>[] = ids.map((id) => ({ [PARTITION_KEY]: { S: id } }));
  let wanted: Record<string, WriteRequest[]> | undefined = {
    [tableName]: keys.map((Key) => ({ DeleteRequest: { Key } })),
  };
  for (let round = 0; wanted?.[tableName] !== undefined; round += 1) {
    await pause(round);
    const input: BatchWriteItemCommandInput = { RequestItems: wanted };
    const answer = await sender.send(options, (client, signal) =>
      client.send(new BatchWriteItemCommand(input), signal),
    );
    wanted = answer.UnprocessedItems;
  }
}

async function pause(round: number): Promise<void> {
  if (round > 0) await delay(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** round, LONGEST_PAUSE_MS));
}

function groupsOf<T>(size: number, items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, group) =>
    items.slice(group * size, (group + 1) * size),
  );
}
