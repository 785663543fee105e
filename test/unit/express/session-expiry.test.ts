import { describe, expect, it } from 'vitest';
import { endOf } from '../../../src/express/session-expiry.js';

const NOW = 1_800_000_000;
const at = (seconds: number): Date => new Date((NOW + seconds) * 1000);

describe('the end of a session', () => {
  it.each<[string, unknown, number]>([
    ['with its cookie, given as a date', { expires: at(60) }, 60],
    ['with its cookie, given as text', { expires: at(60).toISOString() }, 60],
    ['not before its cookie', { expires: at(60.2) }, 61],
    ['with its cookie, though that has ended', { expires: at(-60) }, -60],
    ['after the time that its cookie has, in milliseconds', { maxAge: 59_001 }, 60],
    ['by the date where both are given', { expires: at(60), maxAge: 5_000 }, 60],
    ['after the idle timeout, with a cookie for as long as the browser', { expires: null, maxAge: null }, 600],
    ['after the idle timeout, with a cookie whose end is no date', { expires: 'soon', maxAge: Number.NaN }, 600],
    ['after the idle timeout, without a cookie', undefined, 600],
  ])('is %s', (_, cookie, seconds) => {
    expect(endOf({ cookie }, NOW, 600)).toBe(NOW + seconds);
  });

  it.each<[string, object, number]>([
    ['when koa-session says, which keeps no cookie in it', { _expire: (NOW + 59.1) * 1000 }, 60],
    ['after the idle timeout, if koa-session does not say', { _session: true }, 600],
    ['with its cookie, whatever the application calls `_expire`', { cookie: { maxAge: 60_000 }, _expire: 1 }, 60],
  ])('is %s', (_, session, seconds) => {
    expect(endOf(session, NOW, 600)).toBe(NOW + seconds);
  });
});
