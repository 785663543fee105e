// npm run test:histories -- --count 100000 --seed 1
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^\d+$/.test(value)) throw new Error(`--${name} is ${value}; expected a whole number.`);
}
console.log(`${values.count} histories in RAM, and a part of that elsewhere; --seed ${values.seed}`);

process.env.HISTORIES_COUNT = values.count;
process.env.HISTORIES_SEED = values.seed;
const vitest = await startVitest('test', [], {
  config: fileURLToPath(new URL('vitest.config.ts', import.meta.url)),
  run: true,
  reporters: 'verbose',
});
await vitest.close();
