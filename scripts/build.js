/**
 * `npm run build`: the package in dist/. ES modules in dist/src and dist/cdk, the same as CommonJS in dist/cjs, the
 * cleanup's bundle in dist/cleanup, and in dist/templates what the command `template` prints.
 *
 * - `--examples`: the examples too, in examples/dist.
 * - `--if-needed`: nothing, if no source is newer than the last build.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = ['src', 'cdk', 'templates', 'scripts', 'package.json', 'package-lock.json'];
/** Compiled for CommonJS by esbuild: what is an ES module only is bundled, and `import.meta` replaced. */
const NOT_FOR_TSC = ['src/codec/unflatten', 'src/cache/quick-lru', 'cdk/this-file'];

const { values: options } = parseArgs({ options: { examples: { type: 'boolean' }, 'if-needed': { type: 'boolean' } } });
const configs = readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));

step('the package', [...SOURCES, ...configs], 'dist/is-built', () => {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  tsc('tsconfig.build.json');
  commonJs();
  run('npm', ['run', '--silent', 'build:cleanup']);
  run(process.execPath, ['dist/templates/write.js']);
});
if (options.examples === true) {
  step('the examples', [...configs, 'dist/is-built', 'examples'], 'examples/dist/is-built', () => {
    tsc('tsconfig.examples.json');
  });
}

/**
 * @param {string} what
 * @param {string[]} sources
 * @param {string} mark the file that is written last
 * @param {() => void} build
 */
function step(what, sources, mark, build) {
  const path = join(root, mark);
  if (options['if-needed'] === true) {
    if (existsSync(path) && Math.max(...sources.map(changedAt)) < statSync(path).mtimeMs) return;
    console.error(`Building ${what}, once …`);
  }
  build();
  writeFileSync(path, '');
}

/**
 * The latest change of a file, or of anything in a folder; a file that was deleted changed its folder.
 *
 * @param {string} name
 * @returns {number}
 */
function changedAt(name) {
  const path = join(root, name);
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const inside = readdirSync(path).filter((entry) => entry !== 'dist');
  // The folder of the examples changes when its dist is made.
  return Math.max(name === 'examples' ? 0 : stats.mtimeMs, ...inside.map((entry) => changedAt(join(name, entry))));
}

function commonJs() {
  tsc('tsconfig.commonjs.json');
  writeFileSync(join(root, 'dist/cjs/package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  for (const file of NOT_FOR_TSC) {
    buildSync({
      absWorkingDir: root,
      entryPoints: [`${file}.ts`],
      outfile: `dist/cjs/${file}.js`,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      define: { 'import.meta.filename': '__filename' },
      sourcemap: true,
      logLevel: 'warning',
    });
  }
}

/** @param {string} config */
function tsc(config) {
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
}

/**
 * What it prints goes to the standard error: `npm pack --json` prints its report.
 *
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 'inherit'] });
  } catch {
    process.exit(1); // the command has said why
  }
}
