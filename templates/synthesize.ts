import { App, CfnElement, CfnOutput, Stack } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { SessionStore } from '../cdk/index.js';
import type { Resource, Template } from './template.js';

/** What CDK knows new apps by: without it, policies are not made as small as they can be. */
const CONTEXT = { '@aws-cdk/aws-iam:minimizePolicies': true, '@aws-cdk/core:enablePartitionLiterals': true };

/** For whom there is a policy: its logical ID, what is said of it, and how the construct gives the rights. */
const POLICIES = [
  ['ApplicationPolicy', 'Keeps sessions.', 'grantAccess'],
  ['SupportPolicy', 'Looks at sessions, and changes none.', 'grantReadOnly'],
  ['OperatorPolicy', 'Looks at all sessions, and ends them.', 'grantAdministration'],
] as const;

/**
 * What the construct makes by default, without the dashboard, and a policy for each kind of principal. Nothing is said
 * here of the table, the cleanup or the alarms: all of it comes from `SessionStore`.
 */
export function synthesize(): Template {
  const app = new App({ analyticsReporting: false, context: CONTEXT });
  const stack = new Stack(app, 'Sessions');
  const store = new SessionStore(stack, 'Store', { dashboard: false });
  new CfnOutput(stack, 'TableName', { value: store.table.tableName });
  for (const [id, description, grant] of POLICIES) {
    const policy = new ManagedPolicy(stack, id, { description });
    store[grant](policy);
    new CfnOutput(stack, `${id}Arn`, { value: policy.managedPolicyArn });
  }
  nameReadably(stack);
  const { Resources, Outputs } = app.synth().getStackByName('Sessions').template as Template;
  return { Resources: Object.fromEntries(Object.entries(Resources).map(cleaned)), Outputs };
}

/**
 * The names that CDK makes up end in a hash. Here there is one store, and so one of each: they tell what it is, and are
 * no name of the application that the template becomes a part of.
 */
function nameReadably(stack: Stack): void {
  const taken = new Set<string>();
  for (const element of stack.node.findAll()) {
    if (!CfnElement.isCfnElement(element)) continue;
    const parts = element.node.path.split('/').slice(1);
    const name = parts
      .filter((part) => !['Store', 'Alarms', 'Resource', 'Default'].includes(part))
      .join('')
      .replace(/\W/g, '')
      .replace(/^SchedulerRoleForTarget\w*?(DefaultPolicy)?$/, 'CleanupScheduleRole$1');
    const id = `Sessions${name}`;
    if (taken.has(id)) throw new Error(`Two elements of the template would be called ${id}.`);
    taken.add(id);
    element.overrideLogicalId(id);
  }
}

/**
 * The names of policies are logical IDs, too. What CDK notes is for CDK, and what a resource refers to it waits for
 * without being told.
 */
function cleaned([id, { Metadata: _, DependsOn = [], ...resource }]: [string, Resource]): [string, Resource] {
  const Properties =
    'PolicyName' in resource.Properties ? { ...resource.Properties, PolicyName: id } : resource.Properties;
  const waitsFor = DependsOn.filter((other) => !JSON.stringify(Properties).includes(`"${other}"`));
  return [id, { ...resource, Properties, ...(waitsFor.length > 0 && { DependsOn: waitsFor }) }];
}
