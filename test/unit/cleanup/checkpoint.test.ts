import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  leaveCheckpoint,
  type Place,
  placesIn,
  removeCheckpoint,
  renewLease,
  takeLease,
} from '../../../src/cleanup/checkpoint.js';
import type { Item } from '../../../src/table/port.js';
import { CLEANUP_CHECKPOINT } from '../../../src/table-schema.js';
import { engines } from '../../engines/index.js';
import { createTestTable, type TestTable } from '../../world/tables.js';

const NOW = 1_800_000_000;
const mine = { owner: 'mine', seconds: 60 };
const others = { owner: 'other’s', seconds: 60 };
const places: readonly Place[] = [{ kind: 'start' }, { kind: 'after', id: 'x' }, { kind: 'done' }];

describe.each(engines())('the checkpoint on $name', (engine) => {
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  const Key = { id: { S: CLEANUP_CHECKPOINT } };
  afterEach(() => table.client.send(new DeleteItemCommand({ TableName: table.tableName, Key })));

  const checkpoint = async (): Promise<Item | undefined> => (await table.items())[0];
  const take = (lease: typeof mine, now = NOW): Promise<unknown> =>
    table.client.send(new UpdateItemCommand(takeLease(table.tableName, lease, now)));
  const renew = (lease: typeof mine, now = NOW): Promise<unknown> =>
    table.client.send(new UpdateItemCommand(renewLease(table.tableName, lease, places, now)));
  const leave = (lease: typeof mine): Promise<unknown> =>
    table.client.send(new UpdateItemCommand(leaveCheckpoint(table.tableName, lease, places)));
  const remove = (lease: typeof mine): Promise<unknown> =>
    table.client.send(new DeleteItemCommand(removeCheckpoint(table.tableName, lease)));

  const refused = { name: 'ConditionalCheckFailedException' };

  it('is taken by one, who may ask twice, and refused to others', async () => {
    await take(mine);
    await take(mine, NOW + 1);
    await expect(take(others)).rejects.toMatchObject(refused);
    expect(await checkpoint()).toMatchObject({ owner: { S: mine.owner }, until: { N: String(NOW + 61) } });
  });

  it('is taken if nobody holds it, whatever else it says', async () => {
    const Item = { ...Key, until: { N: String(NOW + 60) } };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    await take(mine);
    expect(await checkpoint()).toMatchObject({ owner: { S: mine.owner } });
  });

  it('is taken over when its time is up by every clock, and no second earlier', async () => {
    await take(mine);
    await expect(take(others, NOW + 60 + 10)).rejects.toMatchObject(refused);
    await take(others, NOW + 60 + 11);
    expect(await checkpoint()).toMatchObject({ owner: { S: others.owner } });
  });

  it('is respected for as long as a lease can take, though its holder’s clock is ahead, and no second longer', async () => {
    const longest = { ...mine, seconds: 900 };
    await take(longest, NOW + 10);
    await expect(take(others)).rejects.toMatchObject(refused);
    await take(longest, NOW + 11);
    await take(others);
  });

  it('is renewed by its holder, with the places', async () => {
    await take(mine);
    await renew(mine, NOW + 20);
    expect(await checkpoint()).toMatchObject({ owner: { S: mine.owner }, until: { N: String(NOW + 80) } });
    expect(placesIn(await checkpoint(), 3)).toEqual(places);
  });

  it('is left with the places, for anyone to take', async () => {
    await take(mine);
    await leave(mine);
    expect(await checkpoint()).not.toHaveProperty('owner');
    expect(await checkpoint()).not.toHaveProperty('until');
    expect(placesIn(await checkpoint(), 3)).toEqual(places);
    await take(others);
    expect(placesIn(await checkpoint(), 3)).toEqual(places);
  });

  it('is removed by its holder', async () => {
    await take(mine);
    await remove(mine);
    expect(await checkpoint()).toBeUndefined();
  });

  it.each([
    ['renew', renew],
    ['leave', leave],
    ['remove', remove],
  ])('is another’s once it has been taken over: to %s it is refused, and changes nothing', async (_, act) => {
    await take(others);
    const before = await checkpoint();
    await expect(act(mine)).rejects.toMatchObject(refused);
    expect(await checkpoint()).toEqual(before);
  });

  it.each([
    ['renew', renew],
    ['leave', leave],
    ['remove', remove],
  ])('is not made by one who wants to %s it when it is gone', async (_, act) => {
    await expect(act(mine)).rejects.toMatchObject(refused);
    expect(await checkpoint()).toBeUndefined();
  });
});
