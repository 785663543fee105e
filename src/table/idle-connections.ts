import type { Agent } from 'node:http';

/**
 * Closes the connections that are kept for later. A machine that was frozen wakes up with connections that the other
 * side has long closed, and each would cost an attempt.
 */
export function closeIdle({ freeSockets }: Agent): void {
  for (const sockets of Object.values(freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}
