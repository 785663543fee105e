import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeLogin } from './application.js';

describe('the application of the page on Express, which is CommonJS', () => {
  const app = describeLogin({
    page: 'guides/express.md',
    build: ['npx tsc', 'npx jest'],
    start: 'node dist/server.js',
    develop: 'NODE_ENV=development node dist/server.js',
    env: { SESSION_SECRET: randomBytes(32).toString('base64') },
  });

  it('does not start without a secret, or with a short one', async () => {
    for (const SESSION_SECRET of ['', 'secret'])
      await expect(app.serve('node dist/server.js', { SESSION_SECRET })).rejects.toThrow('Set SESSION_SECRET');
  });

  it('does not take what is no name', async () => {
    const browser = app.visit();
    expect((await browser.send(await browser.form('/', 'Log in', { name: '<b>' }))).status).toBe(400);
  });
});
