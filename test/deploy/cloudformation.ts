import { setTimeout as sleep } from 'node:timers/promises';

/** The two requests of CloudFormation that the test itself makes; an emulator does not look at the signature. */
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
