import type { Comparison } from '../results.js';
import type { ContestantId } from '../comparison/contestants.js';
import type { Policy } from './behaviour.js';
import type { Store } from './demand.js';
import { measuredUnits } from './units.js';

const NEVER = Number.POSITIVE_INFINITY;

/** By their defaults, when a store touches and rotates; the floor touches as seldom as this project. */
const POLICIES = {
  floor: { touchInterval: 300, rotationInterval: NEVER },
  own: { touchInterval: 300, rotationInterval: 3_600 },
  /** Every page view touches: its measured units have it. */
  connectDynamoDB: { touchInterval: NEVER, rotationInterval: NEVER },
  dynamodbStore: { touchInterval: 30, rotationInterval: NEVER },
  /** The `updateAge` of Auth.js. */
  authAdapter: { touchInterval: 86_400, rotationInterval: NEVER },
} as const satisfies Partial<Record<ContestantId, Policy>>;

export type StoreId = keyof typeof POLICIES;
export const storeIds = Object.keys(POLICIES) as StoreId[];

/** The model of one contestant. */
export const storeOf = (comparison: Comparison, id: StoreId): Store => ({
  units: measuredUnits(comparison, id),
  policy: POLICIES[id],
  hasEveryonesMark: id === 'own',
});
