import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type createDynalite from 'dynalite';
import { UsageError } from './usage-error.js';

export interface EngineOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** The folder to keep the data in; without it they are in RAM. */
  readonly data?: string;
}

/** How long a request that is under way may take to end, before the database is closed. */
const GRACE_MS = 250;

/**
 * Runs dynalite in this process, on 127.0.0.1 only, for as long as the work takes.
 *
 * @param prepare the first use of the engine: only that shows whether its data can be opened
 * @throws {@link UsageError} if dynalite is not installed, the port is taken, or the data cannot be opened
 */
export async function withEngine<Prepared>(
  { port, data }: EngineOptions,
  prepare: (endpoint: string) => Promise<Prepared>,
  work: (endpoint: string, prepared: Prepared) => Promise<void>,
): Promise<void> {
  const createServer = await loadDynalite();
  if (data !== undefined) await createFolder(data);
  const server = createServer({ createTableMs: 0, ...(data !== undefined && { path: data }) });
  try {
    const endpoint = await listen(server, port);
    await work(endpoint, await orBroken(prepare(endpoint), data));
  } finally {
    await stop(server);
  }
}

async function loadDynalite(): Promise<typeof createDynalite> {
  try {
    return (await import('dynalite')).default;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!isAbsent) throw error;
    throw new UsageError('dev needs the engine dynalite. Install it: npm install --save-dev dynalite');
  }
}

async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new UsageError(`--data must be a folder, or a path where one can be created: ${(error as Error).message}.`);
  }
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === 'EADDRINUSE' ? `Port ${port} is taken` : `Cannot listen on port ${port} (${message})`;
    throw new UsageError(`${what}: give another with --port, or 0 for a free one.`);
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** dynalite throws where nobody can catch it if it cannot open its data. */
async function orBroken<T>(use: Promise<T>, data: string | undefined): Promise<T> {
  const finished = new AbortController();
  const broken = once(process, 'uncaughtException', { signal: finished.signal }).then((): never => {
    throw new UsageError(`The data in ${data ?? 'RAM'} cannot be opened: does another dev use the folder?`);
  });
  try {
    return await Promise.race([use, broken]);
  } finally {
    finished.abort();
  }
}

async function stop(server: Server): Promise<void> {
  await delay(GRACE_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
