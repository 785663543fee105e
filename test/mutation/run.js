import { explained } from './survivors.js';
import { runConditions } from './conditions-run.js';
import { runStryker } from './stryker-run.js';

// npm run test:mutation: breaks the code on purpose, in one place at a time, and expects some test to fail. With
// `-- conditions`, only the conditions that DynamoDB is asked to check.

/** What decides about the security of a session. */
const SECURITY = [
  'src/cookies/{cookie-options,session-cookie}.ts',
  'src/core/{client,lifetime,rotation,find-session,token,marks,user-sessions}.ts',
  'src/cleanup/{checkpoint,commands}.ts',
];

const began = Date.now();
const onlyConditions = process.argv.includes('conditions');
const results = [...(await runConditions()), ...(onlyConditions ? [] : await runStryker(SECURITY))];

const survivors = results.filter(({ survived }) => survived);
const isSame = (a) => (b) => a.file === b.file && a.what === b.what;
const unexplained = survivors.filter((mutant) => !explained.some(isSame(mutant)));
const lookedAt = new Set(results.map(({ file }) => file));
const isJudged = ({ file }) => !onlyConditions || file === 'src/table/commands.ts';
const outdated = explained.filter((mutant) => isJudged(mutant) && !survivors.some(isSame(mutant)));

for (const { file, what } of unexplained) console.error(`SURVIVED ${file}: ${what}`);
for (const { file, what } of outdated) console.error(`IN VAIN survivors.js explains ${file}: ${what}`);
const minutes = ((Date.now() - began) / 60_000).toFixed(1);
console.log(
  `${results.length} mutants in ${lookedAt.size} files, ${survivors.length} survived, ${unexplained.length} of them unexplained; ${minutes} minutes`,
);
process.exit(unexplained.length + outdated.length === 0 ? 0 : 1);
