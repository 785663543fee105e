/** What an engine can do: a test that needs more than every engine has asks here, and says so in its name. */
export interface EngineCapabilities {
  /** UpdateTimeToLive is answered, and expired items that are in every index of their table are soon deleted. */
  readonly ttl: boolean;
  /** TransactWriteItems and TransactGetItems are answered. */
  readonly transactions: boolean;
  /** ReturnConsumedCapacity is right for the table and for its indexes. */
  readonly capacityUnits: boolean;
  /** ReturnValuesOnConditionCheckFailure returns the item that failed the condition. */
  readonly oldItemOnFailedCondition: boolean;
  /** A table may be called by its ARN. */
  readonly tableArns: boolean;
}

/** A DynamoDB that listens on this machine. Any credentials and any region will do. */
export interface Engine {
  readonly name: EngineName;
  readonly endpoint: string;
}

/** An engine that the caller started and has to stop. */
export interface RunningEngine extends Engine {
  stop(): Promise<void>;
}

export type EngineName = 'dynalite' | 'dynamodb-local';

export const capabilities: Readonly<Record<EngineName, EngineCapabilities>> = {
  dynalite: {
    ttl: false,
    transactions: false,
    capacityUnits: false,
    oldItemOnFailedCondition: false,
    tableArns: false,
  },
  'dynamodb-local': {
    ttl: true,
    transactions: true,
    capacityUnits: true,
    oldItemOnFailedCondition: true,
    tableArns: true,
  },
};
