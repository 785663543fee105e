import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { sizeOfItem } from '../../src/cli/item-size.js';
import { DATA_PREFIX, PARTITION_KEY } from '../../src/table-schema.js';
import { clientFor } from '../comparison/endpoint.js';
import type { OwnSite } from '../comparison/own.js';
import { ONE_KB } from '../comparison/session-data.js';
import { reference } from '../reference-engine.js';

const HOUR = 3_600;

/** How many bytes of a logged-in session's item are neither its data nor the user agent, by DynamoDB's way of counting. */
export async function storedBytes(site: OwnSite): Promise<{ begun: number; rotated: number }> {
  const cookie = await site.begin(ONE_KB, 'user-0');
  const begun = await ownBytes(site.tableName, cookie);
  site.pass(HOUR + 1);
  await site.view(cookie);
  return { begun, rotated: await ownBytes(site.tableName, cookie) };
}

async function ownBytes(TableName: string, cookie: string): Promise<number> {
  const client = clientFor(reference());
  const Key = { [PARTITION_KEY]: { S: cookie.split('.')[0] ?? '' } };
  const { Item: item = {} } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  client.destroy();
  const own = Object.entries(item).filter(([name]) => !name.startsWith(DATA_PREFIX) && name !== 'userAgent');
  return sizeOfItem(Object.fromEntries(own));
}
