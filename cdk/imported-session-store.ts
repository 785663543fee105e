import type { IResource } from 'aws-cdk-lib';
import { type ITableV2, MultiRegionConsistency, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { expecting, expectKnown } from './expect.js';
import { SessionStoreBase } from './session-store-base.js';
import type { SessionStoreReplica } from './session-store-replica.js';
import { replicaOf, type TableInRegion } from './table-in-region.js';

/** What is known of a table that is there already. */
export interface SessionStoreAttributes {
  /**
   * The table's name, if it is in the stack's account and region.
   * @default - by the ARN; one of both must be given
   */
  readonly tableName?: string;
  /**
   * The table's ARN.
   * @default - by the name; one of both must be given
   */
  readonly tableArn?: string;
  /**
   * The key with which the table is encrypted.
   * @default - a key that DynamoDB owns
   */
  readonly encryptionKey?: IKey;
  /**
   * Other regions in which the table has a replica.
   * @default - none
   */
  readonly replicas?: readonly SessionStoreReplica[];
  /**
   * How far what one region writes is seen by the others.
   * @default - eventually, if there are replicas
   */
  readonly multiRegionConsistency?: MultiRegionConsistency;
  /**
   * Whether TTL is on, for the attribute `expiresAt`. Without, the cleanup alone removes what has expired.
   * @default true, unless `multiRegionConsistency` is `STRONG`
   */
  readonly timeToLive?: boolean;
}

const KNOWN: Readonly<Record<keyof SessionStoreAttributes, true>> = {
  tableName: true,
  tableArn: true,
  encryptionKey: true,
  replicas: true,
  multiRegionConsistency: true,
  timeToLive: true,
};
const KNOWN_OF_REPLICA: Readonly<Record<keyof SessionStoreReplica, true>> = { region: true, encryptionKeyArn: true };

function checkAttributes(attributes: SessionStoreAttributes): void {
  const expect = expecting('SessionStore');
  expectKnown(expect, attributes, KNOWN);
  const { tableName, tableArn, replicas = [] } = attributes;
  expect((tableName === undefined) !== (tableArn === undefined), 'tableName', 'expected this, or tableArn');
  for (const replica of replicas) expectKnown(expecting('SessionStore', 'replicas.'), replica, KNOWN_OF_REPLICA);
}

/** A table that is there already. */
export class ImportedSessionStore extends SessionStoreBase {
  readonly hasTtl: boolean;
  readonly multiRegionConsistency: MultiRegionConsistency | undefined;
  protected readonly regions: readonly [TableInRegion, ...TableInRegion[]];

  readonly #table: ITableV2;

  constructor(scope: Construct, id: string, attributes: SessionStoreAttributes) {
    super(scope, id);
    checkAttributes(attributes);
    const { tableName, tableArn, encryptionKey, replicas = [] } = attributes;
    const { multiRegionConsistency, timeToLive = multiRegionConsistency !== MultiRegionConsistency.STRONG } =
      attributes;
    this.#table = TableV2.fromTableAttributes(this, 'Table', {
      ...(tableName !== undefined && { tableName }),
      ...(tableArn !== undefined && { tableArn }),
    });
    this.multiRegionConsistency = multiRegionConsistency;
    this.hasTtl = timeToLive;
    this.regions = [
      { region: this.env.region, tableArn: this.tableArn, ...(encryptionKey && { encryptionKey }) },
      ...replicas.map((replica) => replicaOf(this, replica)),
    ];
  }

  get tableName(): string {
    return this.#table.tableName;
  }

  get tableArn(): string {
    return this.#table.tableArn;
  }

  get env(): IResource['env'] {
    return this.#table.env;
  }
}
