import { fileURLToPath } from 'node:url';

/** Compiled, this file lies in dist/cdk; as a source, which only tests run, in cdk. */
const isSource = import.meta.url.endsWith('.ts');
const root = new URL(isSource ? '../' : '../../', import.meta.url);

/**
 * The folder with the cleanup's handler, bundled by `npm run build`: whoever uses the construct needs no bundler. Tests
 * make a bundle of their own, so that they need no build and mind none.
 */
export const CLEANUP_BUNDLE: string = pathOf(isSource ? '.cache/cleanup' : 'dist/cleanup');

/** The demo's handler, bundled at synthesis, and where its dependencies are. */
export const DEMO_HANDLER: string = pathOf('examples/devices/handler.ts');
export const PROJECT_ROOT: string = pathOf('');
export const LOCK_FILE: string = pathOf('package-lock.json');

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, root));
}
