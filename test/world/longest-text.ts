import type { Browser } from './world.js';

const KB = 1_024;

/** The longest text that `set` accepts for the challenge of a browser's session. */
export async function longestText(browser: Browser): Promise<string> {
  const session = await browser.start();
  let [fits, over] = [390 * KB, 401 * KB];
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2);
    try {
      session.set('challenge', 'x'.repeat(middle));
      fits = middle;
    } catch {
      over = middle;
    }
  }
  return 'x'.repeat(fits);
}
