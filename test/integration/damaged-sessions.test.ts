import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { itemOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import type { Sessions } from '../../src/index.js';
import { type Engine, engines } from '../engines/index.js';
import { fullRecord, newId } from '../world/records.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { tombstoneAt } from '../world/tombstones.js';
import { type App, World } from '../world/world.js';

describe.each<Engine>(engines())('a session that something else has damaged, on $name,', (engine) => {
  let table: TestTable;
  let world: World;
  let sessions: Sessions<App>;
  let user: string;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  beforeEach(() => {
    world = new World(new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName }));
    sessions = world.sessions();
    user = `user-${newId()}`;
  });

  const stored = async (damage: Item): Promise<string> => {
    const id = newId();
    const item = itemOf(id, fullRecord({ userId: user, generation: 0, expiresAt: world.now + 60 }));
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: { ...item, ...damage } }));
    return id;
  };
  const itemAt = async (id: string): Promise<Item | undefined> =>
    (await table.items()).find((item) => item['id']?.S === id);

  it('in its data, is ended by the user who sees it in the list, and by no other', async () => {
    const id = await stored({ 'data.theme': { N: '1' } });
    expect((await sessions.ofUser(user)).map((session) => session.id)).toEqual([id]);
    expect(await sessions.revoke(id, { ofUser: `${user}-2` })).toBe(false);
    expect(await itemAt(id)).toHaveProperty('secretHash');
    expect(await sessions.revoke(id, { ofUser: user })).toBe(true);
    expect(await itemAt(id)).toEqual(tombstoneAt(id, world.now));
    expect(await sessions.ofUser(user)).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ type: 'revoked', userId: user });
  });

  it('is ended by its ID alone, whatever is damaged', async () => {
    const id = await stored({ auth: { S: 'x' } });
    expect(await sessions.revoke(id, { ofUser: user })).toBe(false); // nothing says whose it is
    expect(await sessions.revoke(id)).toBe(true);
    expect(await itemAt(id)).toEqual(tombstoneAt(id, world.now));
    expect(await sessions.revoke(id)).toBe(false);
  });

  it('by nothing but time, or a newer version, is left as it is', async () => {
    const others = [await stored({ version: { N: '2' } }), await stored({ expiresAt: { N: String(world.now) } })];
    for (const id of others) {
      expect(await sessions.revoke(id)).toBe(false);
      expect(await sessions.revoke(id, { ofUser: user })).toBe(false);
      expect(await itemAt(id)).toHaveProperty('secretHash');
    }
  });
});
