import type { TestProject } from 'vitest/node';
import { findChromium } from './chromium.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where Chromium is, if it is anywhere. */
    chromium: string | undefined;
  }
}

const MISSING =
  'npm run test:browser is skipped, for it needs Chromium or Chrome: apt-get install chromium, or set CHROMIUM to the path of one.';

/** Looks for a browser, once. */
export default function setUp(project: TestProject): void {
  const chromium = findChromium();
  project.provide('chromium', chromium);
  if (chromium !== undefined) return;
  if (process.env.CI === 'true') throw new Error(MISSING);
  console.warn(MISSING);
}
