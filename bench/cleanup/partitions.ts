import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteItemCommand,
  ProvisionedThroughputExceededException,
  ScanCommand,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { Client } from '../../src/dynamodb/sender.js';
import { LIMITS } from '../scale/limits.js';

const SCAN_MS = 20;
const WRITE_MS = 6;
const TICK_MS = 5;

/** How many writes were asked for, and how many of them refused. */
export interface Writes {
  asked: number;
  throttled: number;
}

/**
 * A table of expired items in RAM that throttles by partition, as DynamoDB does and no local engine: each takes 1,000
 * write units a second, and saves nothing up for later, which is the worst that DynamoDB may do. A scan goes through the
 * partitions in their order. Users write to all of them alike, and do not ask again.
 */
export class Partitions {
  readonly users: Writes = { asked: 0, throttled: 0 };
  readonly deletions: Writes = { asked: 0, throttled: 0 };
  readonly #items: number;
  readonly #share: number;
  /** When each partition has served what it was asked for: in milliseconds. */
  readonly #busyUntil: number[];

  /** @param share how much of each partition's writes the users take */
  constructor({ items, partitions, share }: { items: number; partitions: number; share: number }) {
    this.#items = items;
    this.#share = share;
    this.#busyUntil = Array.from({ length: partitions }, () => 0);
  }

  readonly client: Client = {
    send: (async (command: object) => {
      if (command instanceof ScanCommand) return this.#scan(command.input);
      await delay(WRITE_MS);
      if (!(command instanceof DeleteItemCommand)) return {};
      const id = Number(command.input.Key?.['id']?.S);
      const isServed =
        Number.isNaN(id) || this.#write(Math.floor((id / this.#items) * this.#busyUntil.length), this.deletions);
      if (!isServed) throw new ProvisionedThroughputExceededException({ message: 'No.', $metadata: {} });
      return {};
    }) as Client['send'],
  };

  /** Lets the users write, for as long as something else goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const perTick = (LIMITS.partition.writes * this.#share * TICK_MS) / 1_000;
    let due = 0;
    let last = performance.now();
    const users = setInterval(() => {
      const now = performance.now();
      due += (perTick * (now - last)) / TICK_MS;
      last = now;
      for (; due >= 1; due -= 1) for (const partition of this.#busyUntil.keys()) this.#write(partition, this.users);
    }, TICK_MS);
    try {
      return await work();
    } finally {
      clearInterval(users);
    }
  }

  async #scan(input: ScanCommand['input']): Promise<Partial<ScanCommandOutput>> {
    await delay(SCAN_MS);
    const { Segment = 0, TotalSegments = 1, Limit = 1_000, ExclusiveStartKey } = input;
    const [first, end] = [Segment, Segment + 1].map((segment) => Math.floor((segment * this.#items) / TotalSegments));
    const from = ExclusiveStartKey === undefined ? (first as number) : Number(ExclusiveStartKey['id']?.S) + 1;
    const to = Math.min(from + Limit, end as number);
    const Items = Array.from({ length: to - from }, (_, index) => ({
      id: { S: String(from + index) },
      expiresAt: { N: '1' },
      version: { N: '1' },
    }));
    return {
      Items,
      ScannedCount: Items.length,
      ...(to < (end as number) && { LastEvaluatedKey: { id: { S: String(to - 1) } } }),
    };
  }

  /** A second's worth of work may wait: what comes on top is refused. */
  #write(partition: number, count: Writes): boolean {
    const now = performance.now();
    const until = Math.max(this.#busyUntil[partition] as number, now) + 1_000 / LIMITS.partition.writes;
    count.asked += 1;
    if (until > now + 1_000) {
      count.throttled += 1;
      return false;
    }
    this.#busyUntil[partition] = until;
    return true;
  }
}
