import { setTimeout as sleep } from 'node:timers/promises';

/** A request of CloudFormation; an emulator does not look at the signature. */
async function request(endpoint: string, parameters: Record<string, string>): Promise<string> {
  const credential = 'test/20260101/us-east-1/cloudformation/aws4_request';
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none` },
    body: new URLSearchParams({ Version: '2010-05-15', ...parameters }),
  });
  return answer.text();
}

/** What is known of a stack, as XML. */
export function describeStack(endpoint: string, StackName: string): Promise<string> {
  return request(endpoint, { Action: 'DescribeStacks', StackName });
}

/** Makes a stack, or updates it, and waits until that is done. */
export async function deployStack(
  endpoint: string,
  action: 'Create' | 'Update',
  StackName: string,
  TemplateBody: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<void> {
  const numbered = Object.entries(parameters).flatMap(([name, value], index) => [
    [`Parameters.member.${index + 1}.ParameterKey`, name],
    [`Parameters.member.${index + 1}.ParameterValue`, value],
  ]);
  const capabilities = { 'Capabilities.member.1': 'CAPABILITY_IAM' };
  const body = { StackName, TemplateBody, ...capabilities, ...Object.fromEntries(numbered) };
  const accepted = await request(endpoint, { Action: `${action}Stack`, ...body });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await describeStack(endpoint, StackName);
    const status = statusIn(answer);
    if (status === `${action.toUpperCase()}_COMPLETE`) return;
    if (status?.endsWith('_IN_PROGRESS') !== true || Date.now() > deadline) throw new Error(`${accepted}\n${answer}`);
    await sleep(100);
  }
}

const statusIn = (answer: string): string | undefined => /<StackStatus>(.*?)<\/StackStatus>/.exec(answer)?.[1];

/** The logical IDs of a stack's resources. */
export async function listResources(endpoint: string, StackName: string): Promise<string[]> {
  const answer = await request(endpoint, { Action: 'ListStackResources', StackName });
  return [...answer.matchAll(/<LogicalResourceId>(.*?)<\/LogicalResourceId>/g)].map(([, id]) => id as string);
}

/** The name of a resource of a stack in its own service. */
export async function physicalId(endpoint: string, StackName: string, LogicalResourceId: string): Promise<string> {
  const answer = await request(endpoint, { Action: 'DescribeStackResource', StackName, LogicalResourceId });
  const [, id] = /<PhysicalResourceId>(.*?)<\/PhysicalResourceId>/.exec(answer) ?? [];
  if (id === undefined) throw new Error(answer);
  return id;
}

/** Deletes a stack, and waits until it is gone. */
export async function deleteStack(endpoint: string, StackName: string): Promise<void> {
  await request(endpoint, { Action: 'DeleteStack', StackName });
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await describeStack(endpoint, StackName);
    if (/does not exist|DELETE_COMPLETE/.test(answer)) return;
    if (/DELETE_FAILED/.test(answer) || Date.now() > deadline) throw new Error(answer);
    await sleep(100);
  }
}
