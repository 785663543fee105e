import { describe, expect, it } from 'vitest';
import { describeLogin } from './application.js';

describe.each([
  { version: 2, creator: 'npx sv' },
  { version: 3, creator: 'npx sv@1.0.0-next.7' }, // `npx sv` makes this one as soon as it is released
])('the application of the page on SvelteKit, with SvelteKit $version', ({ version, creator }) => {
  const app = describeLogin({
    page: 'guides/sveltekit.md',
    node: 24,
    commands: (script) => script.replace('npx sv', creator),
    build: ['npm run check', 'npm test', 'npm run build'],
    start: 'node build',
    develop: 'npm run dev',
    files: { 'src/routes/both/+server.ts': BOTH },
  });

  it('is of this version', async () => {
    expect(await app.project.run('npm', 'ls', '@sveltejs/kit', '--depth=0')).toContain(`@sveltejs/kit@${version}.`);
  });

  it('has one session, and one cookie, when a request that has changed it fetches from the application itself', async () => {
    const response = await app.visit().fetch('/both');
    expect(await response.json()).toEqual({ visits: 42 });
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it('leaves the session as it is when an action fails', async () => {
    const browser = app.visit();
    const response = await browser.send(await browser.form('/', 'Log in', { name: '' }));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Hello stranger, visit 2.');
  });
});

const BOTH = `
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, fetch }) => {
  locals.session.set('visits', 41);
  return fetch('/visits', { method: 'POST' });
};
`;
