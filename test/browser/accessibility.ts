import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe-core finds wrong with a page: each rule that is broken, and where. */
export async function violationsOf(page: Page): Promise<string[]> {
  const { violations } = (await page.evaluate(`${axe.source}; axe.run()`)) as AxeResults;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}
