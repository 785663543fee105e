import { type Engine, engines } from '../test/engines/index.js';

/** The engine whose units are those of the service. */
export function reference(): Engine {
  const engine = engines().find(({ name }) => name === 'dynamodb-local');
  if (engine === undefined) throw new Error('The benchmarks need Amazon DynamoDB Local.');
  return engine;
}
