import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The construct wants the cleanup's bundle. Its sources run here, so the bundle is none of dist/. */
export default function bundleCleanup(): void {
  const options = ['--outfile=.cache/cleanup/index.mjs'];
  execFileSync('npm', ['run', '--silent', 'build:cleanup', '--', ...options], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
