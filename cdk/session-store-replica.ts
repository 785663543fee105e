/** A region with a replica of the table. */
export interface SessionStoreReplica {
  readonly region: string;
  /**
   * The ARN of the key with which this replica is encrypted, in its own region.
   * @default - none; needed if the store has an `encryptionKey`
   */
  readonly encryptionKeyArn?: string;
}
