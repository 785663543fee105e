import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import createDynalite from 'dynalite';
import type { RunningEngine } from './engine.js';

const GRACE_MS = 250;

/** Starts dynalite in this process, on a free port of 127.0.0.1, empty. */
export async function startDynalite(): Promise<RunningEngine> {
  const server = createDynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name: 'dynalite',
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      // It closes its database at once, and throws on what a client that has gone has left it to do.
      await delay(GRACE_MS);
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
    },
  };
}
