import { afterAll, vi } from 'vitest';

// Files share a worker: whatever one has put in the place of something else is taken away again at its end.
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
