import { DeleteItemCommand, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Place,
  placesIn,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from '../../../src/cleanup/checkpoint.js';
import { engines } from '../../engines/index.js';
import { createTestTable, type TestTable } from '../../world/tables.js';

const places: readonly Place[] = [{ kind: 'start' }, { kind: 'after', id: 'x' }, { kind: 'done' }];

describe.each(engines())('the checkpoint on $name', (engine) => {
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  const read = async (): Promise<readonly Place[]> =>
    placesIn((await table.client.send(new GetItemCommand(readCheckpoint(table.tableName)))).Item, 3);
  const write = (noted: readonly Place[]): Promise<unknown> =>
    table.client.send(new UpdateItemCommand(writeCheckpoint(table.tableName, noted)));
  const remove = (): Promise<unknown> => table.client.send(new DeleteItemCommand(removeCheckpoint(table.tableName)));
  afterEach(remove);

  it('is at the beginning if nothing was noted', async () => {
    expect(await read()).toEqual([{ kind: 'start' }, { kind: 'start' }, { kind: 'start' }]);
  });

  it('gives back what was noted last', async () => {
    await write(places.toReversed());
    await write(places);
    expect(await read()).toEqual(places);
  });

  it('is read with all that the run before has noted, however short ago', () => {
    expect(readCheckpoint(table.tableName)).toMatchObject({ ConsistentRead: true });
  });

  it('is one item without an end', async () => {
    await write(places);
    const [item, ...others] = await table.items();
    expect(Object.keys(item ?? {}).toSorted()).toEqual(['id', 'places', 'version']);
    expect(others).toEqual([]);
  });

  it('is gone when it is removed, and can be removed again', async () => {
    await write(places);
    await remove();
    await remove();
    expect(await table.items()).toEqual([]);
  });
});
