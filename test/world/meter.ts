import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What was asked of DynamoDB: calls, read units, write units on the table and on its index. */
export interface Cost {
  readonly calls: number;
  readonly reads: number;
  readonly writes: number;
  readonly indexWrites: number;
}

const NOTHING: Cost = { calls: 0, reads: 0, writes: 0, indexWrites: 0 };

/** Counts what a client's calls cost, by what the engine says of them. */
export class Meter {
  #cost = NOTHING;

  constructor(client: DynamoDBClient) {
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          Object.assign(args.input, { ReturnConsumedCapacity: 'INDEXES' });
          const result = await next(args);
          const { ConsumedCapacity: consumed = [] } = result.output as {
            ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[];
          };
          this.#add(/Put|Update|Delete|Write/.test(commandName), [consumed].flat());
          return result;
        },
      { step: 'initialize', name: 'meter' },
    );
  }

  /** What `action` cost. */
  async of(action: () => unknown): Promise<Cost> {
    this.#cost = NOTHING;
    await action();
    return this.#cost;
  }

  #add(isWrite: boolean, consumed: readonly ConsumedCapacity[]): void {
    const table = sum(consumed.map((one) => one.Table?.CapacityUnits));
    const indexes = sum(
      consumed.flatMap((one) => Object.values(one.GlobalSecondaryIndexes ?? {}).map((index) => index.CapacityUnits)),
    );
    const { calls, reads, writes, indexWrites } = this.#cost;
    this.#cost = isWrite
      ? { calls: calls + 1, reads, writes: writes + table, indexWrites: indexWrites + indexes }
      : { calls: calls + 1, reads: reads + table + indexes, writes, indexWrites };
  }
}

const sum = (units: readonly (number | undefined)[]): number =>
  units.reduce<number>((total, some) => total + (some ?? 0), 0);
