import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { mintToken, formatToken } from '../../src/core/token.js';
import { ok, startFaultyEndpoint } from '../world/endpoint.js';
import { newId } from '../world/records.js';
import { command } from './command.js';

describe('a half-typed command', () => {
  const id = newId();
  const token = formatToken(mintToken());

  it.each<[string[], string]>([
    [['lst'], "unknown command 'lst' (Did you mean list?)"],
    [['logout', 'user-1'], "unknown command 'logout' (Did you mean log-out?)"],
    [['log-out'], "missing required argument 'user'"],
    [['log-out', '--yes'], "missing required argument 'user'"],
    [['log-out', '', '--yes'], 'The user ID is empty'],
    [['log-out', 'user-1', 'user-2', '--yes'], 'too many arguments'],
    [['log-out', 'user-1', '--ye'], "unknown option '--ye' (Did you mean --yes?)"],
    [['log-out', 'user-1', '--yes=no'], "unknown option '--yes=no'"],
    [['log-out', 'user-1', '-y'], "unknown option '-y'"],
    [['log-out', '42x', '--as', 'number', '--yes'], 'The user ID is not a number'],
    [['log-out', ' 42', '--as', 'number', '--yes'], 'The user ID is not a number'],
    [['log-out', '1e999', '--as', 'number', '--yes'], 'The user ID is not a number'],
    [['log-out', '4.2', '--as', 'bigint', '--yes'], 'The user ID is not a bigint'],
    [['log-out', '42', '--as', 'int', '--yes'], "argument 'int' is invalid"],
    [['log-out', 'x'.repeat(300), '--yes'], 'at most 256 bytes'],
    [['revoke'], "missing required argument 'id'"],
    [['revoke', id.slice(1)], 'That is not a session ID'],
    [['revoke', id, id], 'too many arguments'],
    [['show', '../..'], 'That is not a session ID'],
    [['list'], 'Give --user <id>'],
    [['list', '--us', 'user-1'], "unknown option '--us'"],
    [['list', '--user'], "option '--user <id>' argument missing"],
    [['list', '--user', '--json'], "option '--user <id>' argument missing"],
    [['list', '--user', '--table', 'Sessions', 'bob'], "option '--user <id>' argument missing"],
    [['list', '--user', '--json', 'bob'], "option '--user <id>' argument missing"],
    [['list', '--user', 'bob', '--as', '--region', 'eu-west-1', 'number'], "option '--as <type>' argument missing"],
    [['list', '--user', '--as', 'number'], "option '--user <id>' argument missing"],
    [['list', 'user-1'], 'too many arguments'],
    [['cleanup', '--dry'], "unknown option '--dry'"],
    [['cleanup', '--dryrun'], "unknown option '--dryrun' (Did you mean --dry-run?)"],
    [['cleanup', '--read-budget', '0'], 'Expected a whole number from 1'],
    [['cleanup', '--read-budget', '--dry-run'], "option '--read-budget <units>' argument missing"],
    [['cleanup', '--grace', '2d'], 'Expected a whole number from 0 to 31536000.'],
    [['cleanup', '--grace', '-1'], "option '--grace <seconds>' argument missing"],
    [['cleanup', '--writes-per-second', '0'], 'Expected a whole number from 1 to 100000.'],
    [['template'], "required option '--format <name>' not specified"],
    [['template', '--format', 'cdk'], "argument 'cdk' is invalid. Allowed choices are cloudformation, sam"],
    [['stats', '--sample', '101'], 'Expected a whole number from 1 to 100'],
    [['cleanup', '--table', ''], 'That is not a valid table name'],
    [['cleanup', '--table', 'a b c'], 'That is not a valid table name'],
    [['cleanup', '--region', 'Not A Region'], 'That is not a valid region'],
    [['cleanup', '--endpoint', 'nowhere'], 'The endpoint is not a URL'],
    [['cleanup', '--endpoint', 'file:///etc/passwd'], 'The endpoint is not a URL'],
  ])('%j sends nothing, and gets one line', async (args, line) => {
    const { endpoint, operations } = await startFaultyEndpoint(ok());
    const environment = {
      DYNAMODB_SESSIONS_TABLE: 'Sessions',
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const { exitCode, stdout, stderr } = await command.run(args, { environment });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(line);
    expect(operations).toEqual([]);
  });

  it.each([
    ['revoke', token],
    ['show', token],
    ['show', `-${token.slice(1)}`],
    ['list', '--user', 'u', token],
    [token],
    [`--${token.slice(2)}`],
  ])('a token is a secret, and is not repeated', async (...args) => {
    const { exitCode, stdout, stderr } = await command.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).not.toContain(token.slice(3));
  });
});

describe('without its surroundings', () => {
  it.each<[string, string[], Record<string, string>, number, string]>([
    ['a table', ['stats'], {}, 2, 'No table: give --table, or set DYNAMODB_SESSIONS_TABLE.'],
    ['a region', ['stats', '--table', 'Sessions'], {}, 2, 'No region: give --region, or set AWS_REGION.'],
    ['credentials', ['stats', '--table', 'Sessions', '--region', 'eu-west-1'], {}, 3, 'No credentials were found'],
    ['a local engine', ['create-table', '--table', 'Sessions', '--region', 'eu-west-1'], {}, 2, 'for a local engine'],
    [
      'a local engine, but another endpoint',
      ['create-table', '--table', 'Sessions', '--endpoint', 'https://dynamodb.eu-west-1.amazonaws.com'],
      {},
      2,
      'for a local engine',
    ],
  ])('%s: says what to do', async (_, args, environment, code, advice) => {
    const { exitCode, stdout, stderr } = await command.run(args, { environment });
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(advice);
  });

  it.each([
    ['list', '--user', 'u'],
    ['show', newId()],
    ['revoke', newId()],
    ['log-out', 'u'],
    ['log-out-everyone', '--yes'],
    ['stats'],
    ['cleanup'],
  ])('an engine that does not run is told by %s', async (...args) => {
    const endpoint = `http://127.0.0.1:${await unusedPort()}`;
    const { exitCode, stdout, stderr } = await command.run([...args, '--table', 'Sessions', '--endpoint', endpoint]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain('error: Nothing listens at the endpoint');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('the help', () => {
  it('names every command, option and exit code, on stdout', async () => {
    const { exitCode, stdout, stderr } = await command.run(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const name of [
      'list',
      'show',
      'revoke',
      'log-out',
      'log-out-everyone',
      'stats',
      'cleanup',
      'create-table',
      'dev',
      'template',
      '--json',
      '130',
    ]) {
      expect(stdout).toContain(name);
    }
    expect((await command.run(['log-out', '--help'])).stdout).toContain('--as <type>');
  });

  it('is what one gets for no command, as an error', async () => {
    const { exitCode, stdout, stderr } = await command.run([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Usage: dynamodb-sessions');
  });
});

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
