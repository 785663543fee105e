import { dirname, join, sep } from 'node:path';
import { thisFile } from './this-file.js';

/** Compiled, the construct lies in dist/cdk or dist/cjs/cdk; as sources, which only tests run, in cdk. */
const isSource = thisFile.endsWith('.ts');
const root = isSource ? join(dirname(thisFile), '..') : thisFile.slice(0, thisFile.lastIndexOf(`${sep}dist${sep}`));

/**
 * The folder with the cleanup's handler, bundled by `npm run build`: whoever uses the construct needs no bundler. Tests
 * make a bundle of their own, so that they need no build and mind none.
 */
export const CLEANUP_BUNDLE: string = join(root, isSource ? '.cache/cleanup' : 'dist/cleanup');

/** The demo's handler, bundled at synthesis, and where its dependencies are. */
export const DEMO_HANDLER: string = join(root, 'examples/devices/handler.ts');
export const PROJECT_ROOT: string = root;
export const LOCK_FILE: string = join(root, 'package-lock.json');
