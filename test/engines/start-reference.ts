import type { TestProject } from 'vitest/node';
import { startDynamoDBLocal } from './dynamodb-local.js';
import { start } from './start.js';

/** The engine that Amazon makes. It needs Java. */
export default (project: TestProject): Promise<() => Promise<void>> => start(project, startDynamoDBLocal);
