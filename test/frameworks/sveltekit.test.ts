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
  });

  it('is of this version', async () => {
    expect(await app.project.run('npm', 'ls', '@sveltejs/kit', '--depth=0')).toContain(`@sveltejs/kit@${version}.`);
  });

  it('counts once, and sets one cookie, when `load` fetches from the application itself', async () => {
    const browser = app.visit();
    const response = await browser.fetch('/');
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(await response.text()).toContain('visit 1.');
    const again = await browser.fetch('/');
    expect(again.headers.getSetCookie()).toEqual([]);
    expect(await again.text()).toContain('visit 2.');
  });

  it('leaves the session as it is when an action fails', async () => {
    const browser = app.visit();
    const response = await browser.send(await browser.form('/', 'Log in', { name: '' }));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Hello stranger, visit 2.');
  });
});
