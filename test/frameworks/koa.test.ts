import { describe, expect, it } from 'vitest';
import { describeLogin } from './application.js';

describe('the application of the page on Koa', () => {
  const app = describeLogin({
    page: 'guides/koa.md',
    node: 24,
    build: ['npx tsc', 'npx vitest run --dir src'],
    start: 'node dist/server.js',
    develop: 'NODE_ENV=development node dist/server.js',
  });

  it('sets the cookie for as long as the session may live', async () => {
    const browser = app.visit();
    await browser.page('/');
    expect(browser.lastSetCookie).toMatch(/^__Host-id=[^;]+; path=\/; expires=[^;]+; samesite=lax; secure; httponly$/);
    const lifetime = Date.parse(/expires=([^;]+)/.exec(browser.lastSetCookie)![1]!) - Date.now();
    expect(lifetime / 86_400_000).toBeCloseTo(30, 1);
  });
});
