import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.js';

/** The nearest tests first: most mutants end there, and the rest need not be run. */
class NearestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rooms = ['/unit/', '/contract/', '/'];
    const rank = ({ moduleId }: TestSpecification): number => rooms.findIndex((room) => moduleId.includes(room));
    return Promise.resolve(files.toSorted((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1)));
  }
}

/** The tests that judge a mutant: without those that need Java, a network, or many seconds. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: [
      'test/unit/{cookies,core,dynamodb,lambda}/**/*.test.ts',
      'test/unit/cleanup/checkpoint.test.ts',
      'test/{contract,concurrency,security}/**/*.test.ts',
      'test/dbsc/{bound-sessions,proofs}.test.ts',
      'test/integration/{cleanup,lambda-requests}.test.ts',
    ],
    exclude: [
      'test/unit/core/{serialization,token-randomness}.test.ts',
      'test/unit/{dynamodb,table}/{bulk,client,sender}.test.ts',
      'test/unit/lambda/{hostile-events,with-streaming-session}.test.ts',
      'test/security/{requirements,unknown-tokens}.test.ts',
      'test/contract/signed-requests.test.ts', // the contract once more
    ],
    isolate: true, // each mutant is loaded anew
    setupFiles: ['test/mutation/same-values.ts'],
    env: { TEST_CLIENTS: 'one' },
    globalSetup: ['test/engines/start-embedded.ts'],
    sequence: { sequencer: NearestFirst },
  },
});
