import type { TestProject } from 'vitest/node';
import { startDynalite } from './dynalite.js';
import { startDynamoDBLocal } from './dynamodb-local.js';
import { start } from './start.js';

/** The engine that is embedded, and the one that Amazon makes. */
export default (project: TestProject): Promise<() => Promise<void>> =>
  start(project, startDynalite, startDynamoDBLocal);
