import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { begin, isLive, touch, touchIsDue } from '../../../src/core/lifetime.js';
import { NOW } from '../../world/records.js';

const policy = { idleTimeout: 600, absoluteTimeout: 1_000, touchInterval: 60 };

describe('the life of a session', () => {
  it('begins with an idle and an absolute timeout', () => {
    expect(begin(policy, NOW)).toEqual({
      createdAt: NOW,
      lastSeenAt: NOW,
      expiresAt: NOW + 600,
      absoluteExpiresAt: NOW + 1_000,
    });
  });

  it('begins with the absolute timeout for its expiry where that is the earlier one', () => {
    expect(begin({ ...policy, absoluteTimeout: 300 }, NOW).expiresAt).toBe(NOW + 300);
  });

  it('L7: is over in the very second of its expiry, and not before', () => {
    expect(isLive({ expiresAt: NOW }, NOW - 1)).toBe(true);
    expect(isLive({ expiresAt: NOW }, NOW)).toBe(false);
    expect(isLive({ expiresAt: NOW }, NOW + 1)).toBe(false);
  });

  it('L5: goes on for one idle timeout from each touch', () => {
    const { absoluteExpiresAt } = begin(policy, NOW);
    expect(touch(policy, { absoluteExpiresAt }, NOW + 100)).toEqual({ lastSeenAt: NOW + 100, expiresAt: NOW + 700 });
  });

  it('L6: ends with the absolute timeout, however often it is touched', () => {
    let session = begin(policy, NOW);
    const { absoluteExpiresAt } = session;
    for (let now = NOW; now < absoluteExpiresAt; now += 1) session = { ...session, ...touch(policy, session, now) };
    expect(session).toEqual({
      createdAt: NOW,
      absoluteExpiresAt,
      lastSeenAt: absoluteExpiresAt - 1,
      expiresAt: absoluteExpiresAt,
    });
    fc.assert(fc.property(fc.maxSafeNat(), (now) => touch(policy, session, now).expiresAt <= absoluteExpiresAt));
  });

  it('is due for a touch when the touch interval is over', () => {
    expect(touchIsDue(policy, { lastSeenAt: NOW }, NOW + 59)).toBe(false);
    expect(touchIsDue(policy, { lastSeenAt: NOW }, NOW + 60)).toBe(true);
    expect(touchIsDue({ ...policy, touchInterval: 0 }, { lastSeenAt: NOW }, NOW)).toBe(true);
  });

  it('F7: is not due for a touch by a clock that is behind', () => {
    expect(touchIsDue(policy, { lastSeenAt: NOW }, NOW - 5)).toBe(false);
  });
});
