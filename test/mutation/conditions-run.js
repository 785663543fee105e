import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { mutantsOf } from './conditions.js';

/** Who must notice. Tests that quote the text of a condition are not asked: they would notice anything. */
const JUDGES = {
  'src/dynamodb/commands.ts': [
    'test/unit/dynamodb/dynamodb-persistence-layer.test.ts',
    'test/contract/',
    'test/concurrency/promises.test.ts',
  ],
  'src/cleanup/commands.ts': ['test/integration/cleanup.test.ts'],
};

const root = join(import.meta.dirname, '../..');

/** Breaks every condition in turn, in memory only, and returns the mutants with what became of them. */
export async function runConditions() {
  const results = [];
  for (const [file, judges] of Object.entries(JUDGES)) {
    if (await fails(judges)) throw new Error(`The tests fail as it is: ${judges.join(' ')}`);
    for (const { what, source } of mutantsOf(join(root, file))) {
      const survived = !(await fails(judges, { file: join(root, file), source }));
      console.log(`${survived ? 'SURVIVED' : 'killed'} ${file}: ${what}`);
      results.push({ file, what, survived });
    }
  }
  return results;
}

/** Whether a test fails, with another text for one file. That none fails is believed only if all have run, with it. */
async function fails(judges, mutant) {
  let isInPlace = mutant === undefined;
  const transform = (_code, id) => {
    if (id !== mutant?.file) return undefined;
    isInPlace = true;
    return mutant.source;
  };
  let ended;
  const onTestRunEnd = (modules, errors, reason) => (ended = { modules, errors, reason });
  const vitest = await startVitest(
    'test',
    judges,
    {
      config: join(import.meta.dirname, 'vitest.config.ts'),
      root,
      watch: false,
      bail: 1,
      reporters: [{ onTestRunEnd }],
    },
    { plugins: [{ name: 'mutant', enforce: 'pre', transform }] },
  );
  await vitest.close();

  const { modules, errors, reason } = ended;
  if (modules.length === 0) throw new Error(`There are no tests: ${judges.join(' ')}`);
  // The first failure interrupts the run, which may be over before it has been told what failed.
  if (reason !== 'passed' || errors.length > 0) return true;
  const idle = modules.filter((module) => module.state() !== 'passed').map((module) => module.relativeModuleId);
  if (idle.length > 0 || !isInPlace) {
    throw new Error(`The judges were not asked: ${idle.join(' ') || 'the mutant was not loaded'}`);
  }
  return false;
}
