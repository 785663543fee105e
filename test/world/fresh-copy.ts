import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What is not in a fresh clone. */
const NOT_COPIED = /^(?:node_modules|dist|coverage|cdk\.out|\.cache|\.git)$/;

/** Makes of a folder a fresh clone of the project, with its packages: builds of others may be under way in dist/. */
export async function makeFreshCopy(folder: string): Promise<void> {
  const isCopied = (path: string): boolean => !NOT_COPIED.test(basename(path));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of (await readdir(root)).filter(isCopied)) {
    await cp(join(root, name), join(folder, name), { recursive: true, filter: isCopied });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
}
