import { CreateTableCommand, DeleteTableCommand, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Item } from '../../src/table/port.js';
import { ExpressSessionStore, storedIdOf } from '../../src/express/index.js';
import { type Engine, engines } from '../engines/index.js';
import { callsOf } from '../express/calls.js';
import { fault, startFaultyEndpoint, startLossyProxy } from '../world/endpoint.js';
import { newId } from '../world/records.js';
import { command } from './command.js';
import { expiredItem, type OperatedTable, openTable, sessionItem } from './table.js';

describe.each<Engine>(engines())('the operators’ command on $name', (engine) => {
  let table: OperatedTable;
  let user: string;

  beforeAll(async () => {
    table = await openTable(engine);
  });
  afterAll(() => table.drop());
  beforeEach(() => {
    user = `user-${newId()}`;
  });

  const run = (...args: string[]) => command.run([...args, ...table.args]);
  const json = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await run(...args, '--json');
    expect(stderr).toBe('');
    return { document: JSON.parse(stdout), exitCode };
  };
  const isAlive = async (token: string): Promise<boolean> =>
    (await table.sessions.start({ tokens: [token] })).userId !== undefined;

  describe('list', () => {
    it('shows a user’s live sessions, those seen last first', async () => {
      const first = await table.logIn(user);
      const second = await table.logIn(user, {}, 'curl/8');
      await table.put([sessionItem({ userId: user, expiresAt: 1_700_000_000 })]);
      await table.client.send(
        new UpdateItemCommand({
          TableName: table.tableName,
          Key: { id: { S: first.id } },
          UpdateExpression: 'SET lastSeenAt = lastSeenAt - :s',
          ExpressionAttributeValues: { ':s': { N: '7300' } },
        }),
      );
      const { document, exitCode } = await json('list', '--user', user);
      expect(exitCode).toBe(0);
      expect(document).toMatchObject({
        user: `s:${user}`,
        sessions: [{ id: second.id, userAgent: 'curl/8', address: '203.0.113.7' }, { id: first.id }],
      });

      const words = await run('list', '--user', user);
      expect(words).toMatchObject({ exitCode: 0, stderr: '' });
      expect(words.stdout).toMatch(/^2 live sessions of the user "user-/);
      expect(words.stdout).toMatch(new RegExp(`\n${first.id}  2 hours ago .* in (1 day|23 hours) .*Mozilla/5.0\n`));
    });

    it('keeps users apart by the type of their ID', async () => {
      const n = Math.floor(Math.random() * 1e9);
      const { id } = await table.logIn(n);
      expect(await json('list', '--user', String(n))).toMatchObject({ exitCode: 1, document: { sessions: [] } });
      expect((await run('list', '--user', String(n))).stdout).toContain('add --as number');
      expect(await json('list', '--user', String(n), '--as', 'bigint')).toMatchObject({ exitCode: 1 });
      expect(await json('list', '--user', String(n), '--as', 'number')).toMatchObject({
        exitCode: 0,
        document: { user: `n:${n}`, sessions: [{ id }] },
      });
    });

    it('takes nothing that a visitor has stored for a command to the terminal', async () => {
      await table.logIn(user, {}, '\u001b[2J\u009b2Jevil\u202e\r\n');
      for (const args of [[], ['--json']]) {
        const { stdout } = await run('list', '--user', user, ...args);
        expect(stdout).toContain('evil');
        expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
      expect((await json('list', '--user', user)).document.sessions[0].userAgent).toContain('\u009b2Jevil\u202e');
    });
  });

  describe('show', () => {
    it('shows whose a session is, its times, and how much data it holds, but no values', async () => {
      const { id } = await table.logIn(user, { theme: 'dark', secretPlan: 'x'.repeat(2_000) });
      const { document, exitCode } = await json('show', id);
      expect(exitCode).toBe(0);
      expect(document).toMatchObject({
        id,
        state: 'live',
        user: `s:${user}`,
        address: '203.0.113.7',
        data: { theme: { bytes: 'data.theme'.length + 6 }, secretPlan: { bytes: 'data.secretPlan'.length + 2_002 } },
      });
      expect(document.data.theme).not.toHaveProperty('stored');
      const { stdout } = await run('show', id);
      expect(stdout).toContain('live');
      expect(stdout).toMatch(/"theme" +16 bytes/);
      expect(stdout).not.toMatch(/dark|xxx/);
    });

    it('shows the values where it is asked to', async () => {
      const { id } = await table.logIn(user, { theme: 'dark' });
      expect((await json('show', id, '--data')).document.data).toEqual({ theme: { bytes: 16, stored: '"dark"' } });
      expect((await run('show', id, '--data')).stdout).toMatch(/"theme" +16 bytes +"dark"/);
    });

    it('T3: never shows the secret, its hashes, or what the next secret is made of', async () => {
      const item = sessionItem({ userId: user });
      const id = item['id']?.S as string;
      await table.put([item]);
      const { token } = await table.logIn(user);
      const hidden = ['secretHash', 'previousHash', 'nonce', 'lastWrite'].flatMap((name) => {
        const bytes = Buffer.from(item[name]?.B as Uint8Array);
        return [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex'), name];
      });
      hidden.push(token.split('.')[1] as string);
      for (const args of [
        ['show', id, '--data'],
        ['list', '--user', user],
        ['revoke', id],
      ]) {
        for (const form of [[], ['--json']]) {
          const { stdout, stderr } = await run(...args, ...form);
          for (const secret of hidden) expect(stdout + stderr).not.toContain(secret);
        }
      }
    });

    it('says why a session is none, and that is no success', async () => {
      const expired = expiredItem();
      const newer = { ...sessionItem(), version: { N: '2' } };
      const damaged = { ...sessionItem(), auth: { S: 'x' } };
      const tombstone = {
        id: { S: newId() },
        version: { N: '1' },
        endedAt: { N: '1' },
        expiresAt: { N: '9999999999' },
      };
      await table.put([expired, newer, damaged, tombstone]);
      const stored: [Item, string][] = [
        [expired, 'expired'],
        [newer, 'newer-version'],
        [damaged, 'unreadable'],
        [tombstone, 'ended'],
        [{ id: { S: newId() } }, 'none'],
      ];
      for (const [item, state] of stored) {
        const id = item['id']?.S as string;
        expect(await json('show', id)).toMatchObject({ exitCode: 1, document: { state } });
        expect(await run('show', id)).toMatchObject({ exitCode: 1, stderr: '' });
      }
    });

    it('shows the number of a time that no Date can hold', async () => {
      const item = sessionItem({ userId: user, expiresAt: 9e15, authenticatedAt: -9e15 });
      const id = item['id']?.S as string;
      await table.put([item]);
      expect(await json('show', id)).toMatchObject({
        exitCode: 0,
        document: { expiresAt: '9000000000000000', authenticatedAt: '-9000000000000000' },
      });
      expect((await run('show', id)).stdout).toMatch(/ends +9000000000000000 /);
      expect((await run('list', '--user', user)).stdout).toMatch(new RegExp(`\n${id} .* – +encrypted +2001`));
    });

    it('knows what is left of a session that was ended: a tombstone, with nothing of the session in it', async () => {
      const { id } = await table.logIn(user, { theme: 'dark' });
      await table.sessions.revoke(id);
      const { exitCode, document } = await json('show', id, '--data');
      expect({ exitCode, document }).toEqual({
        exitCode: 1,
        document: { id, state: 'ended', bytes: expect.any(Number) as number, data: {} },
      });
      const { stdout } = await run('show', id, '--data');
      expect(stdout).toContain('ended: only a tombstone is left, which will expire');
      expect(stdout).not.toContain('dark');
      expect((await run('list', '--user', user)).stdout).not.toContain(id);
    });

    it('knows the tombstone that a logout from express-session leaves during a migration', async () => {
      const sid = newId();
      const store = new ExpressSessionStore({ persistence: table.layer, migrateFrom: { load: async () => undefined } });
      await callsOf(store).destroy(sid);
      const id = storedIdOf(sid);
      expect(await json('show', id)).toMatchObject({ exitCode: 1, document: { id, state: 'ended', data: {} } });
      expect((await run('show', id)).stdout).toContain('tombstone');
    });

    it('knows that a session which the index hid from a logout everywhere is dead', async () => {
      await table.logIn(user);
      await table.sessions.logOutUser(user);
      const ghost = sessionItem({ userId: user, generation: 1 });
      await table.put([ghost]);
      expect((await json('show', ghost['id']?.S as string)).document.state).toBe('logged-out');
    });

    it('knows that a session whose login was ended at the provider is dead', async () => {
      const live = sessionItem({ userId: user, login: 'a' });
      const dead = sessionItem({ userId: user, login: 'b' });
      await table.put([live, dead, { id: { S: 'login#b' }, version: { N: '1' }, expiresAt: { N: '9999999999' } }]);
      const states = [live, dead].map(async ({ id }) => (await json('show', id?.S as string)).document.state);
      expect(await Promise.all(states)).toEqual(['live', 'logged-out']);
    });

    it('takes an ID that begins with a dash', async () => {
      const id = `-${newId().slice(1)}`;
      const other = `--${newId().slice(2)}`;
      await table.put([sessionItem({}, id), sessionItem({}, other)]);
      for (const each of [id, other]) {
        expect(await json('show', each)).toMatchObject({ exitCode: 0, document: { id: each } });
        expect(await command.run([...table.args, 'show', '--data', '--', each])).toMatchObject({ exitCode: 0 });
        expect(await command.run([...table.args, 'revoke', '--', each])).toMatchObject({ exitCode: 0 });
      }
    });
  });

  describe('revoke', () => {
    it('ends the one session, without asking, and says so', async () => {
      const [one, other] = [await table.logIn(user), await table.logIn(user)];
      expect(await json('revoke', one.id)).toEqual({ exitCode: 0, document: { id: one.id, revoked: true } });
      expect(await isAlive(one.token)).toBe(false);
      expect(await isAlive(other.token)).toBe(true);
      expect(await json('revoke', one.id)).toEqual({ exitCode: 1, document: { id: one.id, revoked: false } });
      expect((await run('revoke', one.id)).stdout).toBe(`There is no live session ${one.id}.\n`);
    });
  });

  describe('log-out', () => {
    it('ends all of the user’s sessions and nobody else’s, and says what it did', async () => {
      const tokens = [await table.logIn(user), await table.logIn(user), await table.logIn(user)];
      const other = await table.logIn(`${user}-2`);
      await table.put([{ ...sessionItem({ userId: user }), auth: { S: 'damaged' } }]);
      const { exitCode, stdout, stderr } = await run('log-out', user, '--yes');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain(`Ended 3 sessions of the user "${user}".`);
      expect(stdout).toContain('Removed 1 other item: ');
      expect(stdout).not.toContain('Deleted');
      expect(stdout).toContain('touch interval');
      expect(await Promise.all(tokens.map(({ token }) => isAlive(token)))).toEqual([false, false, false]);
      expect(await isAlive(other.token)).toBe(true);
    });

    it('can be repeated', async () => {
      await table.logIn(user);
      const of = { user: `s:${user}`, since: 0 };
      expect(await json('log-out', user)).toEqual({ exitCode: 0, document: { ...of, ended: 1, removed: 1 } });
      expect(await json('log-out', user)).toEqual({ exitCode: 0, document: { ...of, ended: 0, removed: 0 } });
      expect((await run('log-out', user)).stdout).toContain(`No live session of the user "${user}" was found.`);
    });

    it('ends what a newer version has written, too', async () => {
      const newer = { ...sessionItem({ userId: user }), version: { N: '2' } };
      await table.put([newer]);
      expect((await json('log-out', user)).document).toMatchObject({ ended: 0, removed: 1 });
    });

    it('keeps the mark for as long as any application’s sessions can live', async () => {
      await table.logIn(user);
      await run('log-out', user);
      const { Item } = await table.client.send(
        new GetItemCommand({ TableName: table.tableName, Key: { id: { S: `user#s:${user}` } } }),
      );
      expect(Number(Item?.['expiresAt']?.N)).toBeGreaterThan(Date.now() / 1_000 + 400 * 86_400);
    });

    it('ends nothing if it would have to ask and there is nobody', async () => {
      const tokens = [await table.logIn(user), await table.logIn(user)];
      const { exitCode, stdout, stderr } = await run('log-out', user);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^error: End 2 sessions of the user "user-.*" in the table test-.*\? .*--yes.*\n$/);
      expect(await Promise.all(tokens.map(({ token }) => isAlive(token)))).toEqual([true, true]);
    });

    it('says how far it has come if the table fails it, and finishes when it is run again', async () => {
      await table.logIn(user);
      const proxy = await startLossyProxy(engine, { BatchWriteItem: 1_000 });
      const args = ['log-out', user, '--table', table.tableName, '--endpoint', proxy.endpoint];
      const failed = await command.run(args);
      expect(failed).toMatchObject({ exitCode: 3, stdout: '' });
      expect(failed.stderr).toMatch(/^Not finished: .* Run it again.*\nerror: DynamoDB .*\n$/);
      expect(await json('log-out', user)).toMatchObject({ exitCode: 0 });
      expect(await table.sessions.ofUser(user)).toEqual([]);
    });
  });

  describe('log-out, interrupted', () => {
    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('says at %s what is left to do, and ends with %d', async (signal, code) => {
      await table.logIn(user);
      const { endpoint, operations } = await startLossyProxy(engine, { BatchWriteItem: 1_000 });
      const args = ['log-out', user, '--table', table.tableName, '--endpoint', endpoint];
      const isTime = (): boolean => operations.includes('BatchWriteItem');
      const { exitCode, stdout, stderr } = await command.run(args, { interrupt: { signal, isTime } });
      expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
      expect(stderr).toMatch(/^\nInterrupted\. Not finished: .* are refused .* Run it again.*\n$/);
      expect(await json('log-out', user)).toMatchObject({ exitCode: 0 });
    });
  });

  describe('create-table', () => {
    it('creates the table, once', async () => {
      const args = ['create-table', '--table', `made-${newId()}`, '--endpoint', engine.endpoint];
      expect(await command.run(args)).toMatchObject({ exitCode: 0, stderr: '' });
      const again = await command.run(args);
      expect(again).toMatchObject({ exitCode: 3, stdout: '' });
      expect(again.stderr).toBe(
        'error: A table with that name already exists. It was not changed. If it is a session table, add --if-not-exists.\n',
      );
      const list = ['list', '--user', 'u', ...args.slice(1), '--json'];
      expect(await command.run(list)).toMatchObject({ exitCode: 1, stderr: '' });
    });

    it('--if-not-exists accepts the table that is there, and says so', async () => {
      const tableName = `made-${newId()}`;
      const args = ['create-table', '--if-not-exists', '--table', tableName, '--endpoint', engine.endpoint];
      for (const words of [`Created the table ${tableName}.\n`, `The table ${tableName} already exists.\n`]) {
        expect(await command.run(args)).toEqual({ exitCode: 0, stdout: words, stderr: '' });
      }
      const { stdout } = await command.run([...args, '--json']);
      expect(JSON.parse(stdout)).toEqual({ table: tableName, created: false });
    });

    it('--if-not-exists says in what a table differs that cannot hold sessions, and leaves it alone', async () => {
      const TableName = `other-${newId()}`;
      await table.client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        }),
      );
      const args = ['create-table', '--if-not-exists', '--table', TableName, '--endpoint', engine.endpoint];
      const { exitCode, stdout, stderr } = await command.run(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toBe(
        `error: The table ${TableName} exists, but is not a session table: the key is pk (S, HASH), not id (S, HASH); ` +
          'the index byUser is missing. It was not changed. Choose another name.\n',
      );
      await table.client.send(new DeleteTableCommand({ TableName }));
    });
  });

  it('is told the table by the environment, as a function is', async () => {
    const { id } = await table.logIn(user);
    const { exitCode } = await command.run(['show', id, '--endpoint', engine.endpoint], {
      environment: { DYNAMODB_SESSIONS_TABLE: table.tableName, DYNAMODB_SESSIONS_REGION: 'us-east-1' },
    });
    expect(exitCode).toBe(0);
  });
});

describe('what DynamoDB refuses', () => {
  it.each([
    [
      'AccessDeniedException',
      'is not authorized to perform: dynamodb:Query on resource: x',
      'AWS denies you dynamodb:Query',
    ],
    ['ResourceNotFoundException', 'No.', 'There is no such table'],
    ['ExpiredTokenException', 'No.', 'have expired'],
    ['UnrecognizedClientException', 'No.', 'AWS does not know the credentials'],
    ['ValidationException', 'No.', 'not a session table'],
  ])('%s is one line with what to do', async (name, message, advice) => {
    const { endpoint } = await startFaultyEndpoint(fault(400, name, message));
    for (const args of [
      ['list', '--user', 'u'],
      ['show', newId()],
      ['log-out', 'u'],
    ]) {
      const { exitCode, stdout, stderr } = await command.run([...args, '--table', 'Sessions', '--endpoint', endpoint]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      expect(stderr).toContain(advice);
    }
  });

  it('throttling is, too', async () => {
    const { endpoint, operations } = await startFaultyEndpoint(fault(400, 'ThrottlingException'));
    const { exitCode, stdout, stderr } = await command.run([
      'show',
      newId(),
      '--table',
      'Sessions',
      '--endpoint',
      endpoint,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toMatch(/^error: DynamoDB kept throttling: [^\n]+\n$/);
    expect(operations.length).toBeGreaterThan(1);
  });
});
