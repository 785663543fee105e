import { type IResource, Resource, Stack, Stage, Token, TokenComparison } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';

/** The account of a principal, if it is known to be another than the table's. */
export function otherAccount(tableAccount: string, grantee: IGrantable): string | undefined {
  const account = accountOf(grantee);
  return account !== undefined && areDifferent(tableAccount, account) ? account : undefined;
}

/** Of two accounts, one of which only CloudFormation knows, CDK takes it that they are the same; so do we. */
function areDifferent(one: string, other: string): boolean {
  return Token.compareStrings(one, other) === TokenComparison.DIFFERENT;
}

/** Whether a grantee is deployed to another account or region. */
export function isElsewhere({ account, region }: IResource['env'], grantee: IGrantable): boolean {
  if (!Construct.isConstruct(grantee)) return false;
  const stack = Stack.of(grantee);
  return areDifferent(account, stack.account) || areDifferent(region, stack.region);
}

/** A policy can name a role only when the role is there. Stacks of different stages are deployed in your own order. */
export function deployBefore(principal: unknown, store: IConstruct): void {
  if (Construct.isConstruct(principal) && Stage.of(principal) === Stage.of(store)) store.node.addDependency(principal);
}

function accountOf(grantee: IGrantable): string | undefined {
  const principal = grantee.grantPrincipal;
  if (principal.principalAccount !== undefined) return principal.principalAccount;
  if (Construct.isConstruct(grantee) && Resource.isResource(grantee)) return grantee.env.account;
  const arn: unknown = Reflect.get(principal, 'arn');
  return typeof arn === 'string' && !Token.isUnresolved(arn) ? arn.split(':')[4] : undefined;
}
