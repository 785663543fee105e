import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import type { Internet } from './internet.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser that `CHROMIUM` names, or the first on the PATH. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  const onPath = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...(CHROMIUM === undefined ? onPath : [CHROMIUM])].find(isExecutable);
}

/** Starts a browser, to which the internet is this one and nothing else. */
export function openChromium(executablePath: string, internet: Internet, more: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...switches(internet), ...more] });
}

/** Starts a browser with the profile that is kept in a folder. */
export function openChromiumProfile(
  executablePath: string,
  internet: Internet,
  folder: string,
  more: readonly string[],
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { executablePath, args: [...switches(internet), ...more] });
}

/** Every name leads to this machine, and the certificate of its sites is good. */
function switches({ securePort, plainPort, publicKeyHash }: Internet): string[] {
  return [
    `--host-resolver-rules=MAP *:443 127.0.0.1:${securePort}, MAP *:80 127.0.0.1:${plainPort}`,
    `--ignore-certificate-errors-spki-list=${publicKeyHash}`,
    '--disable-gpu',
    '--disable-quic',
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
