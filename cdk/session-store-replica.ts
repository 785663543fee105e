import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';

/** A region with a replica of the table. */
export interface SessionStoreReplica {
  readonly region: string;
  /**
   * The ARN of the key with which this replica is encrypted, in its own region.
   * @default - none; needed if the store has an `encryptionKey`
   */
  readonly encryptionKeyArn?: string;
}

/** A replica that is made with the table. */
export interface SessionStoreReplicaProps extends SessionStoreReplica {
  /**
   * A policy of this replica alone. Grants to other accounts add to it.
   * @default - none
   */
  readonly resourcePolicy?: PolicyDocument;
}
