import { describe } from 'vitest';
import { describeLogin } from './application.js';

describe('the application of the page on Astro', () => {
  describeLogin({
    page: 'guides/astro.md',
    node: 24,
    env: { ASTRO_TELEMETRY_DISABLED: '1' },
    build: ['npx astro build', 'npx tsc --noEmit'],
    start: 'node dist/server/entry.mjs',
    develop: 'npx astro dev',
  });
});
