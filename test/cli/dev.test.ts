import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { command } from './command.js';

const root = join(import.meta.dirname, '../..');

/** The command while it runs. */
interface Running {
  /** What it printed until it was ready. */
  readonly stdout: string;
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

describe('dev', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dev-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  async function dev(...args: string[]): Promise<Running> {
    const [node, program] = command.argv;
    const child = spawn(node, [program, 'dev', '--port', '0', ...args], {
      env: { ...command.environment, AWS_PROFILE: 'expired' }, // It is for AWS, and not for this engine.
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [chunk] = (await Promise.race([once(child.stdout, 'data'), exited.then(() => [''])])) as [Buffer | string];
    return {
      stdout: chunk.toString(),
      async end(signal = 'SIGINT') {
        child.kill(signal);
        await exited;
        return child.exitCode;
      },
    };
  }

  /** Does with the lines what a shell does, and gives this process the variables. */
  async function paste(lines: string): Promise<void> {
    const { stdout } = await promisify(execFile)('sh', ['-c', `${lines}\nenv`], { env: command.environment });
    for (const line of stdout.split('\n')) {
      const [, name, value] = /^((?:AWS|DYNAMODB)_\w+)=(.*)$/.exec(line) ?? [];
      if (name !== undefined) vi.stubEnv(name, value);
    }
  }

  async function logIn(): Promise<void> {
    const session = await new Sessions({ persistence: new DynamoDBPersistenceLayer() }).start();
    await session.logIn('user-1');
    await session.commit();
  }

  const devices = async (): Promise<number> =>
    (await new Sessions({ persistence: new DynamoDBPersistenceLayer() }).ofUser('user-1')).length;

  it('prints lines that, pasted into a shell, let an application keep sessions', async () => {
    const running = await dev();
    expect(running.stdout).toMatch(/^(export \w+=\S+\n){5}$/);
    await paste(running.stdout);
    await logIn();
    expect(await devices()).toBe(1);
    await running.end();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('runs until %s, and ends with %d', async (signal, exitCode) => {
    const running = await dev();
    expect(await running.end(signal)).toBe(exitCode);
  });

  it('keeps its data where it is told to, and takes up what is there', async () => {
    const data = join(folder, 'new/data');
    for (const before of [0, 1]) {
      const running = await dev('--data', data, '--table', 'Mine', '--region', 'eu-west-1');
      await paste(running.stdout);
      expect(process.env['DYNAMODB_SESSIONS_TABLE']).toBe('Mine');
      expect(await devices()).toBe(before);
      await logIn();
      await running.end();
    }
  });

  it('prints the variables as JSON, as the guide shows them', async () => {
    const running = await dev('--json');
    const { endpoint, ...others } = JSON.parse(running.stdout);
    expect(others).toEqual({
      table: 'Sessions',
      variables: {
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        DYNAMODB_SESSIONS_TABLE: 'Sessions',
        DYNAMODB_SESSIONS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
    });
    await running.end();
  });

  const refused = async (line: string, ...args: string[]): Promise<void> => {
    const { exitCode, stdout, stderr } = await command.run(['dev', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(line);
  };

  it('says in one line that its port is taken', async () => {
    const running = await dev();
    const port = /:(\d+)\n/.exec(running.stdout)?.[1] as string;
    await refused(`Port ${port} is taken`, '--port', port);
    await running.end();
  });

  it('says in one line that its data are in use, or are no folder', async () => {
    const data = join(folder, 'data');
    const running = await dev('--data', data);
    await refused('does another dev use the folder?', '--port', '0', '--data', data);
    await running.end();
    await writeFile(join(folder, 'file'), '');
    await refused('--data must be a folder', '--port', '0', '--data', join(folder, 'file'));
  });

  it.each([
    [['--port', '65536'], 'Expected a whole number from 0 to 65535'],
    [['--port', '80a'], 'Expected a whole number from 0 to 65535'],
    [['--port', '--data'], "option '--port <number>' argument missing"],
    [['--endpoint', 'http://127.0.0.1:8000'], 'leave out --endpoint'],
    [['--table', 'a b c'], 'That is not a valid table name'],
  ])('%j starts nothing, and gets one line', async (args, line) => {
    await refused(line, ...(args[0] === '--port' ? [] : ['--port', '0']), ...args);
  });

  it('says how to install the engine where it is absent', async () => {
    await copyFile(join(root, 'package.json'), join(folder, 'package.json')); // The command asks it for the version.
    const [node, program] = command.argv;
    const copy = join(folder, 'main.mjs');
    await copyFile(program, copy);
    const running = promisify(execFile)(node, [copy, 'dev', '--port', '0'], { env: command.environment });
    await expect(running).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: dev needs the engine dynalite. Install it: npm install --save-dev dynalite\n',
    });
  });
});
