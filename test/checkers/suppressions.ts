/** What a checker objects to, and why it is as it is. */
export interface Suppression {
  readonly rule: string;
  /** The logical IDs of the resources, or outputs. */
  readonly where: readonly string[];
  readonly because: string;
}

const TABLE = 'StoreTable0CCFA19B';
const CLEANUP = 'StoreCleanupFunctionC67D36C2';
const DEMO = 'Function76856677';
/** Of a cleanup that stands on a table that is there already. */
const OTHER_CLEANUP = 'CleanupFunction47C7F3CA';

/** By cfn-lint. */
export const BY_CFN_LINT: readonly Suppression[] = [
  {
    rule: 'W3005',
    where: [CLEANUP, OTHER_CLEANUP, DEMO],
    because:
      'aws-cdk-lib lets a function wait for its role and the role’s policy. The role alone would be said already.',
  },
  {
    rule: 'W3010',
    where: ['VpcIsolatedSubnet1SubnetE48C5737', 'VpcPublicSubnet1Subnet5C2D37C4'],
    because: 'The network is the test’s own.',
  },
  {
    rule: 'W6001',
    where: ['TableName'],
    because: 'The demo says again what the table of the other stack is called, for whoever deploys both.',
  },
];

/** By checkov. */
export const BY_CHECKOV: readonly Suppression[] = [
  {
    rule: 'CKV_AWS_27',
    where: ['StoreCleanupDeadLettersF8C967E5', 'CleanupDeadLetters9AC45906'],
    because: 'The queue is encrypted with a key of SQS (SqsManagedSseEnabled), which this rule does not know.',
  },
  {
    rule: 'CKV_AWS_111',
    where: ['StoreCleanupRoleDefaultPolicy685B8077'],
    because: 'In a network, Lambda makes network interfaces, which cannot be named before they are made.',
  },
  {
    rule: 'CKV_AWS_115',
    where: [CLEANUP, OTHER_CLEANUP, DEMO],
    because: 'An account with ten executions at once, as new ones are, has none to reserve: the deployment would fail.',
  },
  {
    rule: 'CKV_AWS_117',
    where: [CLEANUP, OTHER_CLEANUP, DEMO],
    because:
      'They call DynamoDB only, with a role. In a VPC they would need an endpoint to reach it, and gain nothing.',
  },
  {
    rule: 'CKV_AWS_158',
    where: ['StoreCleanupLogs61F5DA52', 'CleanupLogs5A23BA09', 'Logs6819BB44'],
    because:
      'The logs hold counts, and events without secrets, IDs or data. CloudWatch encrypts them with its own key.',
  },
  {
    rule: 'CKV_AWS_165',
    where: [TABLE],
    because: 'A restore brings back sessions that were logged out. What is lost without one is that all sign in again.',
  },
  {
    rule: 'CKV_AWS_173',
    where: [CLEANUP, OTHER_CLEANUP, DEMO],
    because: 'The environment holds the names of the table and its region, and counts: no secret.',
  },
  {
    rule: 'CKV_AWS_95',
    where: ['ApiDefaultStage189A7074'],
    because: 'The demo logs what happens to sessions. Addresses of its visitors are nobody’s business.',
  },
  {
    rule: 'CKV_AWS_116',
    where: [DEMO],
    because: 'The demo’s function is called by HTTP, and answers who called: there is nothing to keep.',
  },
  {
    rule: 'CKV_AWS_258',
    where: ['FunctionFunctionUrl08F79AC9'],
    because: 'The demo is a public page. Who a request is from, its handler finds out by the session.',
  },
];
