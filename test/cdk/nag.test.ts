import type { Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { newApp } from './synth.js';
import { addVariants } from './variants.js';

interface Accepted {
  readonly rule: string;
  /** Within the stack. */
  readonly path: string;
  readonly because: string;
}

/** What the AWS Solutions rules object to, and why it is as it is. */
const BY_AWS_SOLUTIONS: Accepted[] = [
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    path: 'Store/Cleanup/Role/DefaultPolicy/Resource',
    because: 'What Lambda does with network interfaces cannot be granted for single ones before they are made.',
  },
  { rule: 'AwsSolutions-VPC7', path: 'Vpc/Resource', because: 'The network is the test’s own.' },
  {
    rule: 'AwsSolutions-APIG4',
    path: 'Api/DefaultRoute/Resource',
    because: 'The demo is a public page. Who a request is from, its handler finds out by the session.',
  },
  {
    rule: 'AwsSolutions-APIG1',
    path: 'Api/DefaultStage/Resource',
    because: 'The demo logs what happens to sessions. Addresses of its visitors are nobody’s business.',
  },
];

const NO_LETTERS_OF_LETTERS = 'It is itself the queue of dead letters. Nobody takes letters out but a person.';
const NO_TRACES =
  'A run is one function that calls one table, and says in its metrics what took how long. Tracing is an option.';

/** What the Serverless rules object to, and why it is as it is. */
const BY_SERVERLESS: Accepted[] = [
  { rule: 'Serverless-SQSRedrivePolicy', path: 'Cleanup/DeadLetters/Resource', because: NO_LETTERS_OF_LETTERS },
  { rule: 'Serverless-LambdaTracing', path: 'Cleanup/Function/Resource', because: NO_TRACES },
  {
    rule: 'Serverless-SQSRedrivePolicy',
    path: 'Store/Cleanup/DeadLetters/Resource',
    because: NO_LETTERS_OF_LETTERS,
  },
  {
    rule: 'Serverless-LambdaTracing',
    path: 'Store/Cleanup/Function/Resource',
    because: NO_TRACES,
  },
  {
    rule: 'Serverless-LambdaTracing',
    path: 'Function/Resource',
    because: 'The demo shows on its page which calls each request made, and what they cost.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    path: 'Function/Resource',
    because: 'The demo’s function is called by HTTP, and answers who called: there is nothing to keep.',
  },
  {
    rule: 'Serverless-APIGWAccessLogging',
    path: 'Api/DefaultStage/Resource',
    because: 'The demo logs what happens to sessions. Addresses of its visitors are nobody’s business.',
  },
  {
    rule: 'Serverless-APIGWDefaultThrottling',
    path: 'Api/DefaultStage/Resource',
    because: 'The demo is for an hour, and the limits of the account hold.',
  },
];

describe('the rules of cdk-nag object to nothing in all forms of the store', () => {
  const stacks = addVariants(newApp());

  it.each([
    ['AWS Solutions', AwsSolutionsChecks, BY_AWS_SOLUTIONS],
    ['Serverless', ServerlessChecks, BY_SERVERLESS],
  ] as const)('but what is accepted above: %s', (_name, Checks, accepted) => {
    const objections = stacks.flatMap((stack) => objectionsTo(stack, new Checks(stack)));
    expect(new Set(objections)).toEqual(new Set(accepted.map(({ rule, path }) => `${rule} ${path}`)));
  });
});

function objectionsTo(stack: Stack, checks: AwsSolutionsChecks | ServerlessChecks): string[] {
  return checks
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath?.replace(`${stack.node.path}/`, '')}`),
    );
}
