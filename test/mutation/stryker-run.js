import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const VERSION = '9.6.1'; // the last for Node.js 20

const root = join(import.meta.dirname, '../..');
const cache = join(root, '.cache/mutation');
const packageAt = (name) => join(cache, 'node_modules/@stryker-mutator', name, 'dist/src/index.js');

/**
 * Runs Stryker over these files, and returns the mutants with what became of them. The first failure of a test ends the
 * run of a mutant, which can be over before it has been told what failed: then the mutant seems to survive. So what
 * survives is looked at once more, with all its tests run to their end.
 */
export async function runStryker(files) {
  install();
  const results = await mutate(files, { disableBail: false });
  const doubtful = results.filter(({ survived }) => survived);
  if (doubtful.length === 0) return results;
  const places = new Set(doubtful.map(({ file, place }) => `${file}:${place}`));
  const again = await mutate([...places], { disableBail: true });
  const isSame = (one) => (other) => one.file === other.file && one.place === other.place && one.what === other.what;
  return results.map((result) => again.find(isSame(result)) ?? result);
}

async function mutate(files, { disableBail }) {
  const { Stryker } = await import(pathToFileURL(packageAt('core')));
  const results = await new Stryker({
    testRunner: 'vitest',
    plugins: [packageAt('vitest-runner'), join(import.meta.dirname, 'ignore-wording.js')],
    ignorers: ['wording'],
    vitest: { configFile: 'test/mutation/vitest.config.ts' },
    disableBail,
    mutate: files,
    mutator: {
      // The rest either cannot matter here (an empty object or block fails at once) or is looked into by conditions.js.
      excludedMutations: [
        'ArrayDeclaration',
        'BlockStatement',
        'ObjectLiteral',
        'OptionalChaining',
        'StringLiteral',
        'UpdateOperator',
      ],
    },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    timeoutMS: 30_000,
    dryRunTimeoutMinutes: 15, // all tests, one after the other
    tsconfigFile: 'none', // it would be rewritten with an API that TypeScript 7 does not have
    tempDirName: '.cache/mutation/sandbox',
    ignorePatterns: ['.cache', 'bench', 'dist', 'docs', 'examples'],
    reporters: ['progress-append-only'],
    warnings: { slow: false },
    logLevel: 'warn',
  }).runMutationTest();

  return results
    .filter(({ status }) => status !== 'Ignored')
    .map(({ fileName, location, replacement, status }) => {
      const { line, mutated } = textAt(fileName, location);
      const what = `${mutated} → ${replacement} in: ${line}`.replaceAll(/\s+/g, ' ');
      const survived = ['Survived', 'NoCoverage'].includes(status);
      const [from, to] = [location.start, location.end].map(({ line: row, column }) => `${row}:${column - 1}`);
      return { file: relative(root, fileName), what, survived, place: `${from}-${to}` };
    });
}

/** Into the cache, not among the project's own packages: it brings 158 of them. */
function install() {
  const isDone = join(cache, `is-done-${VERSION}`);
  if (existsSync(isDone)) return;
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'package.json'), JSON.stringify({ private: true }));
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${VERSION}`);
  // Its peer is the project's own vitest, which is found from here.
  const options = ['--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...options, ...packages], { cwd: cache, stdio: 'inherit' });
  writeFileSync(isDone, '');
}

/** Lines and columns count from one. */
function textAt(fileName, { start, end }) {
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const line = lines[0].trim();
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return { line, mutated: lines.join(' ') };
}
