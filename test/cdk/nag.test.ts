import type { Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { DemoStack } from '../../cdk/demo-stack.js';
import { SessionsStack } from '../../cdk/sessions-stack.js';
import { newApp } from './synth.js';

interface Accepted {
  readonly rule: string;
  readonly path: string;
  readonly because: string;
}

/** What the rules object to, and why it is as it is. */
const IN_DEMO: Accepted[] = [
  {
    rule: 'AwsSolutions-APIG4',
    path: 'SessionsDemo/Api/DefaultRoute/Resource',
    because: 'The demo is a public page. Who a request is from, its handler finds out by the session.',
  },
  {
    rule: 'AwsSolutions-APIG1',
    path: 'SessionsDemo/Api/DefaultStage/Resource',
    because: 'The demo logs what happens to sessions. Addresses of its visitors are nobody’s business.',
  },
];

describe('the AWS Solutions rules of cdk-nag', () => {
  const app = newApp();
  const sessions = new SessionsStack(app, 'Sessions');
  const demo = new DemoStack(app, 'SessionsDemo', { store: sessions.store });

  it('object to nothing in Sessions', () => {
    expect(objections(sessions)).toEqual([]);
  });

  it('object to nothing in SessionsDemo but what is accepted above', () => {
    expect(objections(demo)).toEqual(withoutReasons(IN_DEMO));
  });
});

function objections(stack: Stack): object[] {
  return new AwsSolutionsChecks(stack)
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: constructPath })),
    );
}

const withoutReasons = (accepted: readonly Accepted[]): object[] => accepted.map(({ rule, path }) => ({ rule, path }));
