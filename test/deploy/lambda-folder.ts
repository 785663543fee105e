import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/**
 * A temporary folder, below which code finds the AWS SDK, as it does in Lambda, and no other package: what a bundle
 * lacks, it lacks here too.
 */
export async function createLambdaFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'dynamodb-sessions-'));
  await mkdir(join(path, 'node_modules'));
  for (const scope of ['@aws-sdk', '@smithy']) await symlink(join(modules, scope), join(path, 'node_modules', scope));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
