import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runbooks } from '../cli/runbooks.js';
import { programsOf } from '../world/python.js';
import { AWS_CLI } from './programs.js';

const aws = join(programsOf(AWS_CLI), 'aws');
const scripts = runbooks.flatMap(({ title, scripts: own }) =>
  own.flatMap((script) => (script.includes('aws ') ? [[title, script] as const] : [])),
);

// The AWS CLI sends a request once it has understood the command, with every name and value in it. A server that
// refuses all requests counts them. What the other commands of the runbooks do is tested in test/cli.
describe('the AWS CLI', () => {
  let server: Server;
  let requests = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests += 1;
      request.resume();
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end('{"__type":"Refused"}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());
  beforeEach(() => {
    requests = 0;
  });

  /** Runs a text in a shell, and gives what was printed for mistakes. */
  function run(script: string): Promise<string> {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const prelude = `set -eu; aws() { ${aws} --endpoint-url ${endpoint} "$@" >/dev/null || true; }; npx() { :; }\n`;
    const env = {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      HTTPS_PROXY: 'http://127.0.0.1:9', // nothing leaves this machine
      AWS_DEFAULT_REGION: 'eu-west-3',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
    };
    return new Promise((resolve) => {
      execFile('bash', ['-c', prelude + script], { env }, (error, _stdout, stderr) => {
        resolve(`${error?.message ?? ''}${stderr}`);
      });
    });
  }

  it.each(scripts)('understands the commands of “%s”, case %#', async (_title, script) => {
    const printed = await run(script);
    expect(requests, printed).toBe(script.match(/^aws /gm)?.length);
  });

  it.each([
    'aws dynamodb describe-table --tabel-name Sessions',
    'aws dynamodb describe-tables --table-name Sessions',
    'aws dynamodb update-table --table-name Sessions --warm-throughput Reads=1',
    'aws dynamodb delete-table --table-name "$UNKNOWN"',
  ])('would not understand a mistake: %s', async (command) => {
    expect(await run(command)).not.toBe('');
    expect(requests).toBe(0);
  });
});
