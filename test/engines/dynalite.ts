import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import createDynalite from 'dynalite';
import type { RunningEngine } from './engine.js';

/** Starts dynalite in this process, on a free port of 127.0.0.1, empty. */
export async function startDynalite(): Promise<RunningEngine> {
  const server = createDynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name: 'dynalite',
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
