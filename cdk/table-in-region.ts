import { Stack } from 'aws-cdk-lib';
import type { GrantWithResourceOptions } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { ISessionStore } from './i-session-store.js';
import type { SessionStoreReplica } from './session-store-replica.js';

/** The table where it was made, or a replica of it in another region. */
export interface TableInRegion {
  readonly region: string;
  readonly tableArn: string;
  /** With which it is encrypted. Default: a key that DynamoDB owns. */
  readonly encryptionKey?: IKey;
  /** Whether only CloudFormation knows its name. */
  readonly isUnnamed?: boolean;
  /** What its resource policy is added to. Default: nothing, for the table is another stack's. */
  readonly resource?: GrantWithResourceOptions['resource'];
}

/** A replica: a table of the same name and account in another region. */
export function replicaOf(store: ISessionStore, { region, encryptionKeyArn }: SessionStoreReplica): TableInRegion {
  const { tableName: resourceName, env } = store;
  const { account } = env;
  const tableArn = Stack.of(store).formatArn({ service: 'dynamodb', account, region, resource: 'table', resourceName });
  if (encryptionKeyArn === undefined) return { region, tableArn };
  return { region, tableArn, encryptionKey: Key.fromKeyArn(store, `ReplicaKey${region}`, encryptionKeyArn) };
}
