import { vi } from 'vitest';
import { type Example, loadExample } from './example.js';

export type Demo = Example;

/** Loads the demo's handler, without what it logs of its sessions: once in a test file. */
export async function loadDemo(): Promise<Demo> {
  const demo = await loadExample(() => import('../../examples/devices/handler.js'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  return {
    ...demo,
    async close() {
      log.mockRestore();
      await demo.close();
    },
  };
}
