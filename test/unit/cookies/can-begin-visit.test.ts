import { describe, expect, it } from 'vitest';
import { canBeginVisit, SessionCookie } from '../../../src/cookies/index.js';
import { tryArrivals } from './visits.js';

describe('canBeginVisit', () => {
  it('is true where a visit can begin, and where no cookie was held back that a new one would replace', async () => {
    const { begun, expected } = await tryArrivals(({ method, headers }, cookie) =>
      canBeginVisit(method, (name) => headers[name], new SessionCookie(cookie).sameSite),
    );
    expect(begun).toEqual(expected);
    expect(begun.length).toBeGreaterThan(20);
  });

  it('goes by SameSite=Lax if the cookie does not say', () => {
    expect(new SessionCookie().sameSite).toBe('Lax');
  });
});
