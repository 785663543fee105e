import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = '26.7.3';
const cache = fileURLToPath(new URL(`../../.cache/keycloak/${VERSION}/`, import.meta.url));

/** Where Keycloak is. */
export const KEYCLOAK: string = join(cache, `keycloak-${VERSION}`);

/** Has Maven fetch Keycloak, unless an earlier run did. */
export async function installKeycloak(): Promise<void> {
  const isDone = join(cache, 'is-done');
  if (existsSync(isDone)) return;
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const copy = [
    'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy',
    `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:tar.gz`,
    `-DoutputDirectory=${cache}`,
  ];
  await run('mvn', ['--quiet', '--batch-mode', ...copy], { cwd: cache });
  const archive = `keycloak-quarkus-dist-${VERSION}.tar.gz`;
  await run('tar', ['--extract', '--gzip', '--file', archive], { cwd: cache });
  await rm(join(cache, archive));
  await writeFile(isDone, '');
}
