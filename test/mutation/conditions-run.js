import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createVitest } from 'vitest/node';
import { mutantsOf } from './conditions.js';

/** Who must notice. Tests that quote the text of a condition are not asked: they would notice anything. */
const JUDGES = {
  'src/table/commands.ts': [
    'test/unit/dynamodb/dynamodb-persistence-layer.test.ts',
    'test/contract/persistence-layer.test.ts',
    'test/concurrency/ended-logins.test.ts',
    'test/dbsc/proofs.test.ts',
    'test/concurrency/promises.test.ts',
    'test/concurrency/log-out-others.test.ts',
  ],
  'src/cleanup/commands.ts': ['test/integration/cleanup.test.ts'],
};

const root = join(import.meta.dirname, '../..');

/** Breaks every condition in turn, in memory only, and returns the mutants with what became of them. */
export async function runConditions() {
  const share = Math.min(availableParallelism(), 4);
  const parts = await Promise.all(Array.from({ length: share }, (_, part) => inProcess(part, share)));
  return parts.flat();
}

function inProcess(part, share) {
  const results = [];
  const child = fork(import.meta.filename, [String(part), String(share)]);
  child.on('message', (result) => {
    console.log(`${result.survived ? 'SURVIVED' : 'killed'} ${result.file}: ${result.what}`);
    results.push(result);
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      if (code === 0) resolve(results);
      else reject(new Error(`Not all conditions were judged: the process ended with ${code ?? signal}.`));
    });
  });
}

/** Every `share`-th of the mutants. */
async function judge(part, share) {
  for (const [file, judges] of Object.entries(JUDGES)) {
    const court = await open(join(root, file), judges);
    const mutants = mutantsOf(join(root, file)).filter((_, index) => index % share === part);
    await court.expectQuiet();
    for (const { what, source } of mutants) process.send({ file, what, survived: !(await court.notices(source)) });
    await court.expectQuiet();
    await court.close();
  }
}

/** The judges of a file, as they stay for all of its mutants: to begin takes longer than to judge. */
async function open(file, judges) {
  let source;
  let isInPlace;
  const transform = (_code, id) => {
    if (id !== file) return undefined;
    isInPlace = true;
    return source;
  };
  let ended;
  const onTestRunEnd = (modules, errors, reason) => (ended = { modules, errors, reason });
  const vitest = await createVitest(
    'test',
    {
      config: join(import.meta.dirname, 'vitest.config.ts'),
      root,
      watch: false,
      bail: 1,
      reporters: [{ onTestRunEnd }],
    },
    { plugins: [{ name: 'mutant', enforce: 'pre', transform }] },
  );
  const tests = await vitest.globTestSpecifications(judges);
  if (tests.length === 0) throw new Error(`There are no tests: ${judges.join(' ')}`);

  /** Whether a test fails, with another text for the file. That none fails is believed only if all have run, with it. */
  const notices = async (other) => {
    source = other;
    isInPlace = false;
    vitest.invalidateFile(file);
    await vitest.runTestSpecifications(tests, true);
    const { modules, errors, reason } = ended;
    // The first failure interrupts the run, which may be over before it has been told what failed.
    if (reason !== 'passed' || errors.length > 0) return true;
    const idle = modules.filter((module) => module.state() !== 'passed').map((module) => module.relativeModuleId);
    if (idle.length > 0 || modules.length < tests.length || !isInPlace) {
      throw new Error(`The judges were not asked: ${idle.join(' ') || 'the mutant was not loaded'}`);
    }
    return false;
  };
  const expectQuiet = async () => {
    if (await notices(undefined)) throw new Error(`The tests fail as it is: ${judges.join(' ')}`);
  };
  return { notices, expectQuiet, close: () => vitest.close() };
}

if (process.argv[1] === import.meta.filename) {
  await judge(Number(process.argv[2]), Number(process.argv[3]));
  process.exit(0); // and not with what Vitest made of the failures
}
