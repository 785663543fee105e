import { describe, expect, it } from 'vitest';
import { cacheControl, overridesCacheControl } from '../../../src/cookies/index.js';

describe('the Cache-Control of a response with the session’s cookie', () => {
  it('is no-store if the handler says nothing (C7)', () => {
    expect(cacheControl('')).toBe('no-store');
  });

  it.each([
    'private',
    'no-store',
    'private, no-store',
    'private, max-age=60',
    'max-age=60,private',
    'max-age=0, private, must-revalidate',
    'no-cache, no-store, max-age=0, must-revalidate',
    'PRIVATE, Max-Age=60',
    'No-Store',
    ' \tprivate\t , max-age=60 ',
    ',, private ,',
    'private, no-cache="set-cookie"',
    'ext="public, s-maxage=60", private',
    'private, ext="a \\" public, b"',
    'private, ext=""',
    'private, non-public, max-age=60',
    'private, x-s-maxage=60',
  ])('is the handler’s own if that keeps shared caches off: %s (C7)', (own) => {
    expect(cacheControl(own)).toBe(own);
  });

  it.each([
    'public',
    'public, max-age=300',
    'max-age=300',
    's-maxage=300',
    'no-cache',
    'must-revalidate',
    'immutable',
    'stale-while-revalidate=60, max-age=1',
    'private, public',
    'public,private',
    'private, PUBLIC',
    'private, s-maxage=60',
    'private, S-MaxAge = 60',
    'private, s-maxage="60"',
    'private, s-maxage',
    'no-store, public',
    'no-store, max-age=60, s-maxage=60',
    'private="set-cookie"',
    'private="set-cookie", max-age=60',
    'private = "x", max-age=60',
    'private=x',
    'private=',
    'private"x"',
    '"private"',
    'no-store="x"',
    'no-cache="set-cookie"',
    'ext="a, private", max-age=60',
    'ext="a, private, b"',
    'ext="\\", private, max-age=60',
    'private, ext="',
    'ext="a, private',
    'privately',
    'x-private',
    'no-storeage',
    'max-age=60; private',
    'private max-age=60',
    '*',
    ' ',
    ',',
  ])('is private, no-store if that is weaker: %s (C7)', (own) => {
    expect(cacheControl(own)).toBe('private, no-store');
  });
});

describe('a header that counts more than Cache-Control', () => {
  it.each([
    'cdn-cache-control',
    'CDN-Cache-Control',
    'Cloudflare-CDN-Cache-Control',
    'Vercel-CDN-Cache-Control',
    'netlify-cdn-cache-control',
    'Surrogate-Control',
    'surrogate-control',
    'Edge-Control',
  ])('is %s (C7)', (name) => {
    expect(overridesCacheControl(name)).toBe(true);
  });

  it.each(['cache-control', 'Cache-Control', 'surrogate-key', 'cdn-cache-control-x', 'cdn-cache', 'vary', 'expires'])(
    'is not %s',
    (name) => {
      expect(overridesCacheControl(name)).toBe(false);
    },
  );
});
