import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Item } from '../../src/table/port.js';
import { exportUser } from '../../src/personal-data/index.js';
import { type Engine, engines } from '../engines/index.js';
import { startLossyProxy } from '../world/endpoint.js';
import { newId } from '../world/records.js';
import { secretsIn } from '../world/secrets.js';
import { command } from './command.js';
import { nowSeconds, type OperatedTable, openTable, sessionItem } from './table.js';
const DAY = 86_400;

describe.each<Engine>(engines())('the operators’ command, for a person’s data, on $name', (engine) => {
  let table: OperatedTable;
  let user: string;

  beforeAll(async () => {
    table = await openTable(engine);
    return () => table.drop();
  });
  beforeEach(() => {
    user = `user-${newId()}`;
  });

  const run = (...args: string[]) => command.run([...args, ...table.args]);
  const isAlive = async (token: string): Promise<boolean> =>
    (await table.sessions.start({ tokens: [token] })).userId !== undefined;
  const itemsOf = async (who: string): Promise<Item[]> =>
    (await table.items()).filter((item) => JSON.stringify(item).includes(who));

  describe('export', () => {
    it.each([[[]], [['--json']]])('prints what exportUser gives, and no secret (%j)', async (form) => {
      const tokens = [await table.logIn(user, { theme: 'dark', since: new Date(0) }), await table.logIn(user)];
      await table.logIn(`${user}-2`);
      const { stdout, stderr, exitCode } = await run('export', '--user', user, ...form);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      const exported = JSON.parse(stdout);
      expect(exported).toEqual(await exportUser(table.sessions, user));
      expect(exported.sessions).toHaveLength(2);
      expect(stdout).toContain('1970-01-01T00:00:00.000Z');
      const items = await itemsOf(`s:${user}`);
      const hashes = items.map((item) => Buffer.from(item['secretHash']?.B ?? []).toString('base64url'));
      expect(secretsIn(stdout, [...hashes, ...tokens.map(({ token }) => token.split('.')[1] as string)])).toEqual([]);
    });

    it('says how many values it cannot read, beside the document', async () => {
      const item = { ...sessionItem({ userId: user }), 'data.a': { S: 'zip:1' }, 'data.b': { S: 'zip:2' } };
      await table.put([item]);
      const { stdout, stderr, exitCode } = await run('export', '--user', user);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout).sessions[0].data).toMatchObject({
        a: { unreadable: 'zip:1' },
        theme: { value: 'dark' },
      });
      expect(stderr).toMatch(/^2 values could not be read\. .* exportUser there\.\n$/);
    });

    it('says that nothing is stored, and of what else one may think', async () => {
      const { stdout, stderr, exitCode } = await run('export', '--user', '4711');
      expect(JSON.parse(stdout)).toEqual({ user: 's:4711', sessions: [] });
      expect(stderr).toMatch(/^Nothing is stored of the user "4711"\. .*add --as number\.\n$/);
      expect(exitCode).toBe(1);
    });

    it('takes nothing that a visitor has stored for a command to the terminal', async () => {
      await table.logIn(user, { note: '\u001b[2J\u202e' }, '\u001b[2J\u009b2Jevil\r\n');
      const { stdout } = await run('export', '--user', user);
      expect(stdout).toContain('evil');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(JSON.parse(stdout).sessions[0].data.note).toEqual({ value: '\u001b[2J\u202e' });
    });
  });

  describe('erase', () => {
    it('leaves the mark and tombstones, says until when, and touches nobody else', async () => {
      const tokens = [await table.logIn(user), await table.logIn(user)];
      const other = await table.logIn('somebody-else');
      await table.put([{ ...sessionItem({ userId: user }), auth: { S: 'damaged' } }]);
      const { stdout, stderr, exitCode } = await run('erase', '--user', user, '--yes', '--idle-timeout', '3600');
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(stdout).toMatch(new RegExp(`^Erased 3 sessions of the user "${user}"\\.\nWhat remains`));
      expect(await Promise.all(tokens.map(({ token }) => isAlive(token)))).toEqual([false, false]);
      expect(await isAlive(other.token)).toBe(true);

      const [mark, ...more] = await itemsOf(user);
      expect([mark?.['id'], more]).toEqual([{ S: `user#s:${user}` }, []]);
      const until = Number(mark?.['expiresAt']?.N);
      expect(Math.abs(until - nowSeconds() - 3_600 - DAY)).toBeLessThan(60);
      expect(stdout).toContain(
        `the user’s mark, which holds the user ID, until ${new Date(until * 1_000).toISOString()}`,
      );
      expect(stdout).not.toContain('Give --idle-timeout');
    });

    it('keeps the mark for the longest time where it is not told a time, and says what to do', async () => {
      const { stdout } = await run('erase', '--user', user, '--yes');
      expect(stdout).toMatch(new RegExp(`^No session of the user "${user}" was found\\.\n`));
      expect(stdout).toContain('Give --idle-timeout to have the mark removed sooner.');
      expect(stdout).not.toContain('tombstones');
      const [mark] = await itemsOf(user);
      expect(Number(mark?.['expiresAt']?.N)).toBeGreaterThan(nowSeconds() + 400 * DAY);
    });

    it.each(['0', 'x', '1.5', '99999999'])('refuses an idle timeout of %s, and sends nothing', async (seconds) => {
      const { token } = await table.logIn(user);
      const { exitCode, stderr, stdout } = await run('erase', '--user', user, '--yes', '--idle-timeout', seconds);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(
        /^error: Option idleTimeout is .*; expected a whole number of seconds from 1 to 34560000\.\n$/,
      );
      expect(await isAlive(token)).toBe(true);
    });

    it.each([
      ['erase', 'Whose sessions? Give --user <id>.'],
      ['export', 'Whose sessions? Give --user <id>.'],
    ])('%s without a user is no command', async (name, advice) => {
      const { exitCode, stderr } = await run(name);
      expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: `error: ${advice}\n` });
    });

    it('erases nothing if it would have to ask and there is nobody', async () => {
      const { token } = await table.logIn(user);
      const { exitCode, stderr, stdout } = await run('erase', '--user', user);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^error: Erase 1 session of the user "user-.*" in the table test-.*\? .*--yes.*\n$/);
      expect(await isAlive(token)).toBe(true);
      expect(await itemsOf(`user#s:${user}`)).toEqual([]);
    });

    it('keeps users apart by the type of their ID', async () => {
      const n = Math.floor(Math.random() * 1e9);
      const [number, text] = [await table.logIn(n), await table.logIn(String(n))];
      const { stdout } = await run('erase', '--user', String(n), '--as', 'number', '--yes', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ user: `n:${n}`, erased: 1, sessions: 0 });
      expect([await isAlive(number.token), await isAlive(text.token)]).toEqual([false, true]);
    });

    it('says how far it has come if the table fails it, and finishes when it is run again', async () => {
      await table.logIn(user);
      const proxy = await startLossyProxy(engine, { BatchWriteItem: 1_000 });
      const args = ['erase', '--user', user, '--yes', '--table', table.tableName, '--endpoint', proxy.endpoint];
      const failed = await command.run(args);
      expect(failed).toMatchObject({ exitCode: 3, stdout: '' });
      expect(failed.stderr).toMatch(/^Not finished: .* Run it again.*\nerror: DynamoDB .*\n$/);
      expect(await run('erase', '--user', user, '--yes')).toMatchObject({ exitCode: 0 });
      expect(await table.sessions.ofUser(user)).toEqual([]);
    });
  });
});
