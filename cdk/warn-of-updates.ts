import { Annotations } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { SessionStoreProps } from './session-store-props.js';

/** Warns of what CloudFormation or DynamoDB will refuse to change later. One warning, so that one word silences it. */
export function warnOfUpdates(store: Construct, props: SessionStoreProps): void {
  const { replicas = [], deletionProtection = true, multiRegionConsistency: mode } = props;
  if (replicas.length === 0) return;
  const refused = [
    `The consistency mode (${mode ?? MultiRegionConsistency.EVENTUAL}) is fixed for the life of the table.`,
    ...(mode === MultiRegionConsistency.STRONG
      ? []
      : ['CloudFormation adds or removes one replica per update; only a new table may begin with several.']),
    ...(deletionProtection
      ? ['A replica under deletion protection is not removed: set deletionProtection to false in an update before.']
      : []),
  ];
  Annotations.of(store).addWarningV2('dynamodb-sessions:replicas', refused.join(' '));
}
