import type { TestProject } from 'vitest/node';
import { startDynalite } from './dynalite.js';
import { start } from './start.js';

/** The engine that needs nothing but Node. */
export default (project: TestProject): Promise<() => Promise<void>> => start(project, startDynalite);
