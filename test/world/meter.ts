import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What was asked of DynamoDB: calls, read units, write units on the table and on its index. */
export interface Cost {
  readonly calls: number;
  /** How many of them came one after another: the calls of the longest chain in which each began after the one before. */
  readonly rounds: number;
  readonly reads: number;
  readonly writes: number;
  readonly indexWrites: number;
}

const NOTHING: Cost = { calls: 0, rounds: 0, reads: 0, writes: 0, indexWrites: 0 };

/** Counts what a client's calls cost, by what the engine says of them. */
export class Meter {
  #cost = NOTHING;

  constructor(client: DynamoDBClient) {
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          Object.assign(args.input, { ReturnConsumedCapacity: 'INDEXES' });
          const round = this.#cost.rounds + 1;
          const result = await next(args);
          const { ConsumedCapacity: consumed = [] } = result.output as {
            ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[];
          };
          this.#add(round, /Put|Update|Delete|Write/.test(commandName), [consumed].flat());
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

  #add(round: number, isWrite: boolean, consumed: readonly ConsumedCapacity[]): void {
    const table = sum(consumed.map((one) => one.Table?.CapacityUnits));
    const indexes = sum(
      consumed.flatMap((one) => Object.values(one.GlobalSecondaryIndexes ?? {}).map((index) => index.CapacityUnits)),
    );
    const { calls, rounds, reads, writes, indexWrites } = this.#cost;
    const so = { calls: calls + 1, rounds: Math.max(rounds, round) };
    this.#cost = isWrite
      ? { ...so, reads, writes: writes + table, indexWrites: indexWrites + indexes }
      : { ...so, reads: reads + table + indexes, writes, indexWrites };
  }
}

const sum = (units: readonly (number | undefined)[]): number =>
  units.reduce<number>((total, some) => total + (some ?? 0), 0);
