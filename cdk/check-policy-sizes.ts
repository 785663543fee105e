import { Stack } from 'aws-cdk-lib';
import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** What DynamoDB takes for the policy of a table, in bytes. */
const LONGEST_POLICY = 20 * 1_024;

/** At synth, when all grants have been given: an error for each region in which the table's policy is too long. */
export function checkPolicySizes(
  store: IConstruct,
  policies: () => readonly (readonly [region: string, policy: PolicyDocument | undefined])[],
): void {
  const validate = (): string[] =>
    policies().flatMap(([region, policy]) => {
      if (policy === undefined || policy.isEmpty) return [];
      const bytes = leastBytes(Stack.of(store).resolve(policy));
      if (bytes <= LONGEST_POLICY) return [];
      return `SessionStore: the resource policy of the table in ${region} has at least ${bytes} bytes, and DynamoDB takes ${LONGEST_POLICY}: grant rights to an account or an organisation instead of to each of its roles.`;
    });
  store.node.addValidation({ validate });
}

/** The bytes that a policy surely has: what only CloudFormation knows counts nothing. */
function leastBytes(policy: unknown): number {
  const known = JSON.stringify(policy, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = []] = Object.entries(value);
    if (name === 'Fn::Join')
      return (argument as [string, unknown[]])[1].filter((part) => typeof part === 'string').join('');
    return name === 'Ref' || name?.startsWith('Fn::') === true ? '' : value;
  });
  return Buffer.byteLength(known);
}
