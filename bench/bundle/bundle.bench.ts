import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { it } from 'vitest';
import { bundle, withFolder } from '../child.js';
import { sourceOf } from '../handlers/index.js';
import { type BundleSize, record } from '../results.js';
import { partsOf } from './parts.js';

it('the size of the bundle', async () => {
  await withFolder(async (folder) => {
    const sizeOf = async (id: 'withSdk' | 'light'): Promise<BundleSize> => {
      const file = join(folder, `${id}.mjs`);
      const inside = await bundle(sourceOf(id), file, { format: 'esm', banner: {}, external: ['@aws-sdk/*'] });
      const code = await readFile(file);
      return { minifiedBytes: code.length, gzippedBytes: gzipSync(code).length, parts: partsOf(inside) };
    };
    const results = { withSdk: await sizeOf('withSdk'), light: await sizeOf('light') };
    console.log(results);
    record('bundle', results);
  });
});
