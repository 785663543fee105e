import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import logicalIds from './logical-ids.json' with { type: 'json' };
import { type Resource, synth } from './synth.js';

const env = { account: '111122223333', region: 'eu-west-3' };

describe('an upgrade from version 0.1.0', () => {
  it('keeps the logical ID of each resource, but for the role of the schedule, which has moved into the construct', () => {
    const { template } = synth(
      (scope) => ({
        replicas: [{ region: 'eu-west-1', encryptionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1' }],
        encryptionKey: new Key(scope, 'Key'),
        alarmTopic: new Topic(scope, 'Topic'),
        metricsNamespace: 'Shop',
      }),
      { env },
    );
    const resources = Object.entries(template.toJSON().Resources as Record<string, Resource>);
    const before = Object.entries(logicalIds).filter(([id]) => !id.startsWith('SchedulerRoleForTarget'));
    expect(Object.fromEntries(resources.map(([id, { Type }]) => [id, Type]))).toMatchObject(Object.fromEntries(before));
  });
});
