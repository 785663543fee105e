import { beforeAll, describe, expect, it } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { type Engine, engines } from '../engines/index.js';
import { newId } from '../world/records.js';
import { command } from './command.js';
import { type OperatedTable, openTable } from './table.js';
const VALUE = 'a value that no operator reads';

describe.each<Engine>(engines())(
  'E4: the operators’ command, of encrypted data, on $name',
  { timeout: 60_000 },
  (engine) => {
    let table: OperatedTable;
    const user = `user-${newId()}`;
    let id: string;

    beforeAll(async () => {
      table = await openTable(engine);
      const { client, tableName } = table;
      const persistence = new DynamoDBPersistenceLayer({ client, tableName });
      const session = await new Sessions({ persistence, encryption: encryptedData() }).start();
      session.set('note', VALUE);
      await session.logIn(user);
      await session.commit();
      id = session.id as string;
      return () => table.drop();
    });

    const run = (...args: string[]) => command.run([...args, ...table.args]);

    it('list says of which session the data is encrypted', async () => {
      await table.logIn(user);
      const { stdout } = await run('list', '--user', user);
      expect(stdout).toMatch(new RegExp(`^${id} .* encrypted  `, 'm'));
      expect(stdout).toMatch(/ plain {2}/);
      const { sessions } = JSON.parse((await run('list', '--user', user, '--json')).stdout);
      expect(sessions).toContainEqual(expect.objectContaining({ id, encrypted: true }));
    });

    it('show says which value is encrypted, and shows it as it is stored where it is asked to', async () => {
      const words = await run('show', id);
      expect(words.stdout).toMatch(/"note" +\d+ bytes, encrypted/);
      const { data } = JSON.parse((await run('show', id, '--data', '--json')).stdout);
      const stored = expect.stringMatching(/^sealed:[\w-]+$/) as string;
      expect(data).toEqual({ note: { bytes: 'data.note'.length + VALUE.length + 2 + 29, encrypted: true, stored } });
    });

    it('export names the values, says that they are encrypted, and that only the cookie opens them', async () => {
      const { stdout, stderr } = await run('export', '--user', user);
      const exported = JSON.parse(stdout).sessions.find((session: { id: string }) => session.id === id);
      expect(exported.data).toEqual({ note: { encrypted: true } });
      expect(stderr).toBe('1 value is encrypted: only the cookie of its session opens it.\n');
      expect(stdout).not.toContain(VALUE);
    });
  },
);
