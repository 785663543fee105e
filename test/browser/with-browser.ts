import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, inject, onTestFinished } from 'vitest';
import { openChromium, openChromiumProfile } from './chromium.js';
import { Internet } from './internet.js';

/** A browser, and the internet that it sees. */
export interface World {
  readonly internet: Internet;
  /** A new profile, as a private window has it: a device, or a person. It is closed after the test. */
  newProfile(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** A profile on disk that lets third-party cookies through, and can be closed and opened again. It is removed after the test. */
  newKeptProfile(): Promise<KeptProfile>;
}

export interface KeptProfile {
  open(): Promise<BrowserContext>;
}

/** Third-party cookies are let through, whatever the default of this browser is. */
const PREFERENCES = { profile: { cookie_controls_mode: 0 } };

/** Starts both for the tests of a `describe`, and ends them after. */
export function withBrowser(...switches: readonly string[]): World {
  let internet: Internet;
  let browser: Browser;

  beforeAll(async () => {
    internet = await Internet.open();
    browser = await openChromium(inject('chromium')!, internet, switches);
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((profile) => profile.close()));
    internet.forget();
  });
  afterAll(async () => {
    await browser?.close();
    await internet?.close();
  });
  return {
    get internet() {
      return internet;
    },
    newProfile: (options) => browser.newContext(options),
    async newKeptProfile() {
      const folder = await mkdtemp(join(tmpdir(), 'profile-'));
      await mkdir(join(folder, 'Default'));
      await writeFile(join(folder, 'Default/Preferences'), JSON.stringify(PREFERENCES));
      const opened: BrowserContext[] = [];
      onTestFinished(async () => {
        await Promise.all(opened.map((profile) => profile.close()));
        await rm(folder, { recursive: true });
      });
      return {
        async open() {
          const profile = await openChromiumProfile(inject('chromium')!, internet, folder, switches);
          opened.push(profile);
          return profile;
        },
      };
    },
  };
}
