import { randomFrom } from './random.js';

/** One request of a recording: when (in seconds), by whom, and what it does. */
export interface Request {
  readonly at: number;
  readonly visitor: number;
  readonly action: 'begin' | 'view' | 'change' | 'logIn' | 'logOut' | 'stray' | 'unknown';
}

const HOURS = 5;

/**
 * Some hours of traffic: visitors who come, half of them twice, who log in or do not; some who log out; bots without a
 * cookie, cookies that nobody knows, and one visitor who never stops. The same for the same seed.
 */
export function recordTraffic(seed: number, visitors: number): readonly Request[] {
  const random = randomFrom(seed);
  const between = (low: number, high: number): number => Math.floor(low + random() * (high - low));
  const requests: Request[] = [];

  for (let visitor = 0; visitor < visitors; visitor += 1) {
    const isHot = visitor === 0;
    const add = (action: Request['action']): void => void requests.push({ at, visitor, action });
    let at = between(0, HOURS * 3_600 - 3_000);
    add('begin');
    const logsIn = isHot || random() < 0.7;
    let isFirstPage = true;
    for (let visit = random() < 0.5 ? 2 : 1; visit > 0; visit -= 1) {
      const pages = isHot ? 600 : between(2, 20);
      for (let page = 0; page < pages; page += 1) {
        at += isHot ? 1 : between(3, 120);
        add(logsIn && isFirstPage ? 'logIn' : random() < 0.1 ? 'change' : 'view');
        isFirstPage = false;
      }
      at += between(600, 7_200);
    }
    if (logsIn && random() < 0.3) add('logOut');
    if (random() < 0.2) requests.push({ at, visitor, action: random() < 0.5 ? 'stray' : 'unknown' });
  }
  return requests.toSorted((a, b) => a.at - b.at);
}
