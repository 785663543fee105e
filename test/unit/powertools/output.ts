import { afterEach, beforeEach, vi } from 'vitest';

/** What is printed during a test, line by line: Powertools has a console of its own, over this process's streams. */
export function captureOutput(): { lines(): Record<string, unknown>[] } {
  let printed = '';

  beforeEach(() => {
    printed = '';
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        printed += String(chunk);
        return true;
      });
    }
  });
  afterEach(() => vi.restoreAllMocks());

  return {
    lines: () =>
      printed
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
