import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, engines } from '../engines/index.js';
import { startLossyProxy } from '../world/endpoint.js';
import { newId } from '../world/records.js';
import { command } from './command.js';
import { expiredItem, type OperatedTable, openTable, sessionItem } from './table.js';
import { Terminal, whyNoTerminal } from './terminal.js';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

const missing = whyNoTerminal();
if (missing !== undefined) {
  const message = `There is no terminal for the tests of the operators’ command: ${missing}.`;
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(message);
}

describe.runIf(missing === undefined).each<Engine>(engines())(
  'the operators’ command at a terminal, on $name',
  (engine) => {
    let table: OperatedTable;
    let user: string;

    beforeAll(async () => {
      table = await openTable(engine);
    });
    afterAll(() => table.drop());
    beforeEach(async () => {
      user = `user-${newId()}`;
      await table.logIn(user);
    });

    const open = (...args: string[]): Terminal =>
      new Terminal([...command.argv, ...args, ...table.args], command.environment);
    const sessionsLeft = async (): Promise<number> => (await table.sessions.ofUser(user)).length;

    describe('asks before it ends more than one session', () => {
      beforeEach(() => table.logIn(user));

      it.each([
        ['y', 'y\r', 0, 0],
        ['yes', 'YES\r', 0, 0],
        ['n', 'n\r', 2, 1],
        ['nothing', '\r', 2, 1],
        ['something else', 'yeah\r', 2, 1],
        ['Ctrl-C', CTRL_C, 2, 1],
        ['Ctrl-D', CTRL_D, 2, 1],
        ['half an answer and Ctrl-C', `y${CTRL_C}`, 2, 1],
      ])('and takes %s for an answer', async (_, keys, left, exitCode) => {
        const terminal = open('log-out', user);
        await terminal.shows('[y/N]');
        expect(await sessionsLeft()).toBe(2);
        terminal.type(keys);
        expect(await terminal.exitCode()).toBe(exitCode);
        expect(terminal.output).toContain(`End 2 sessions of the user "${user}" in the table ${table.tableName}?`);
        expect(terminal.output).toContain(left === 0 ? 'Ended 2 sessions' : 'Nothing was ended.');
        expect(await sessionsLeft()).toBe(left);
      });

      it('and not if it is told not to', async () => {
        const terminal = open('log-out', user, '--yes');
        expect(await terminal.exitCode()).toBe(0);
        expect(terminal.output).not.toContain('[y/N]');
        expect(await sessionsLeft()).toBe(0);
      });
    });

    it('does not ask before it ends one session', async () => {
      const terminal = open('log-out', user);
      expect(await terminal.exitCode()).toBe(0);
      expect(await sessionsLeft()).toBe(0);
    });

    it('uses colours there, unless it is told not to', async () => {
      const escape = '\u001b[';
      const coloured = open('list', '--user', user);
      await coloured.exitCode();
      expect(coloured.output).toContain(escape);
      const plain = new Terminal([...command.argv, 'list', '--user', user, ...table.args], {
        ...command.environment,
        NO_COLOR: '1',
      });
      await plain.exitCode();
      expect(plain.output).not.toContain(escape);
      const piped = await command.run(['list', '--user', user, ...table.args]);
      expect(piped.stdout).not.toContain(escape);
    });

    it('shows how far a long job is, and ends it in order at Ctrl-C', async () => {
      const own = await openTable(engine);
      try {
        await own.put(Array.from({ length: 20 }, () => sessionItem()));
        await own.put(Array.from({ length: 400 }, () => expiredItem(3 * 86_400)));
        const proxy = await startLossyProxy(engine, {});
        const args = ['cleanup', '--table', own.tableName, '--endpoint', proxy.endpoint];
        const terminal = new Terminal([...command.argv, ...args], command.environment);
        while (!proxy.operations.includes('DeleteItem')) await delay(5);
        terminal.type(CTRL_C);
        expect(await terminal.exitCode()).toBe(130);
        const output = stripVTControlCharacters(terminal.output);
        // An engine that does not count its items leaves nothing to compare with.
        const { Table } = await own.client.send(new DescribeTableCommand({ TableName: own.tableName }));
        expect(output).toMatch(Table?.ItemCount ? /\d+ % {2}\d+ items {2}\d+ a second/ : /^\d+ items {2}\d+ a second/);
        expect(output).toMatch(/Deleted \d+ expired items?\./);
        expect(output).toContain('It was interrupted. The next cleanup continues from here.');
        expect(terminal.output).toContain('\u001b[?25h'); // the cursor is back
      } finally {
        await own.drop();
      }
    });
  },
);
