import { Annotations, Stack, Token } from 'aws-cdk-lib';
import {
  Grant,
  type GrantWithResourceOptions,
  type IGrantable,
  type PrincipalPolicyFragment,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { USER_INDEX } from '../src/table-schema.js';
import { deployBefore, isElsewhere, otherAccount } from './accounts.js';
import type { ISessionStore } from './i-session-store.js';
import type { Permission, Permissions } from './permissions.js';
import type { TableInRegion } from './table-in-region.js';

/** What DynamoDB does with a customer's key in the name of who calls it. */
const READ_WITH_KEY = ['kms:Decrypt', 'kms:DescribeKey'];
const WRITE_WITH_KEY = [
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/**
 * Gives a principal rights on the table, and on the key that encrypts it. Where its own policy cannot give them, the
 * resource policies do.
 *
 * @throws an error that says what to do, if no policy can
 */
export function grantRights(
  store: ISessionStore,
  table: TableInRegion,
  grantee: IGrantable,
  { table: permissions, writes }: Permissions,
): Grant {
  prepareOtherStack(store, table, grantee);
  const grants = permissions.map((permission) => grantOnTable(store, table, grantee, permission));
  if (table.encryptionKey) {
    const actions = [...READ_WITH_KEY, ...(writes ? WRITE_WITH_KEY : [])];
    grants.push(grantOnKey(store, table.region, table.encryptionKey, grantee, actions));
  }
  return grants.reduce((all, grant) => all.combine(grant));
}

function grantOnTable(store: ISessionStore, table: TableInRegion, grantee: IGrantable, permission: Permission): Grant {
  const { resource, tableArn } = table;
  const options = {
    grantee,
    actions: permission.actions.map((name) => `dynamodb:${name}`),
    resourceArns: [permission.on === 'table' ? tableArn : `${tableArn}/index/${USER_INDEX.indexName}`],
    ...(permission.items && {
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': permission.items } },
    }),
  };
  // The table's policy is about this table and its index alone, and cannot name them: it is a part of them.
  return grantBy({ ...options, resource, resourceSelfArns: ['*'] }, store);
}

function grantOnKey(store: ISessionStore, region: string, key: IKey, grantee: IGrantable, actions: string[]): Grant {
  // A key has no name that another environment could know before it is there.
  const resourceArns = [isElsewhere(key.env, grantee) && Token.isUnresolved(key.keyArn) ? '*' : key.keyArn];
  const conditions = { StringEquals: { 'kms:ViaService': dynamodbIn(region) } };
  const resource: GrantWithResourceOptions['resource'] = {
    env: key.env,
    addToResourcePolicy(statement) {
      const result = key.addToResourcePolicy(statement);
      if (!result.statementAdded) warn(store, grantee, `the key ${key.keyArn}`);
      return result;
    },
  };
  return grantBy({ grantee, actions, resourceArns, conditions, resource, resourceSelfArns: ['*'] }, store);
}

/**
 * What KMS calls DynamoDB. For China, AWS documents neither that it is the name from elsewhere, as CDK has it, nor that
 * it ends like the endpoints there: so it may be either.
 */
function dynamodbIn(region: string): string | string[] {
  const name = `dynamodb.${region}.amazonaws.com`;
  return Token.isUnresolved(region) || region.startsWith('cn-') ? [name, `${name}.cn`] : name;
}

type Options = Omit<GrantWithResourceOptions, 'resource'> & {
  readonly resource: GrantWithResourceOptions['resource'] | undefined;
};

function grantBy({ resource, ...options }: Options, store: ISessionStore): Grant {
  const { grantee } = options;
  const account = otherAccount(store.env.account, grantee);
  if (account === undefined) {
    const grant = Grant.addToPrincipal(options);
    if (grant.success) return grant;
  }
  expectPrincipal(store, grantee);
  if (resource !== undefined) {
    return Grant.addToPrincipalOrResource({ ...options, resource: onConditions(resource, options.conditions) });
  }
  const grant = Grant.addToPrincipal(options);
  if (!grant.success) throw new Error(`${accountsOf(store, grantee)} ${ASK_THE_OWNER}`);
  warn(store, grantee);
  return grant;
}

/** Older versions of CDK, such as 2.232, leave the conditions of a grant out of the policy of the resource. */
function onConditions(
  resource: GrantWithResourceOptions['resource'],
  conditions: GrantWithResourceOptions['conditions'],
): GrantWithResourceOptions['resource'] {
  if (conditions === undefined) return resource;
  return {
    env: resource.env,
    addToResourcePolicy(statement) {
      statement.addConditions(conditions);
      return resource.addToResourcePolicy(statement);
    },
  };
}

const ASK_THE_OWNER =
  'The policy of a table that was imported cannot be changed from here: call grantAccess(…) with this principal in the stack that makes the table, or write it into the policy there.';

/** @throws an error, if one account has to name what has no name yet in the other */
function prepareOtherStack(store: ISessionStore, table: TableInRegion, grantee: IGrantable): void {
  if (table.resource === undefined || !isElsewhere(store.env, grantee)) return;
  if (otherAccount(store.env.account, grantee) === undefined) {
    if (table.isUnnamed === true) Annotations.of(store).addWarningV2('dynamodb-sessions:table-name', NEEDS_A_NAME);
    return;
  }
  if (table.isUnnamed === true) throw new Error(`${accountsOf(store, grantee)} ${NEEDS_A_NAME}`);
  const { principalJson } = fragmentOf(store, grantee);
  try {
    Stack.of(store).resolve(principalJson);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${accountsOf(store, grantee)} The table's policy has to name its role: give the role a roleName. CDK says: ${reason}`,
      { cause },
    );
  }
  deployBefore(grantee.grantPrincipal, store);
}

const NEEDS_A_NAME =
  'Another stack has to name the table: give it a tableName. CDK would make one up, and CloudFormation replaces a table that gets a name.';

/** @throws an error, if DynamoDB refuses such a principal in a policy */
function expectPrincipal(store: ISessionStore, grantee: IGrantable): void {
  const { principalJson, conditions } = fragmentOf(store, grantee);
  const isEverybody = Object.values(principalJson).flat().includes('*') && Object.keys(conditions).length === 0;
  if (!('Service' in principalJson) && !isEverybody) return;
  const who = isEverybody ? 'everybody' : 'a service';
  throw new Error(
    `SessionStore: grantAccess: DynamoDB gives ${who} no rights on ${store.node.path}. Name a role or an account.`,
  );
}

/** @throws an error, if it is a function that was imported without its role */
function fragmentOf(store: ISessionStore, grantee: IGrantable): PrincipalPolicyFragment {
  try {
    return grantee.grantPrincipal.policyFragment;
  } catch (cause) {
    const advice = 'Its role is not known: import it with Function.fromFunctionAttributes and its role.';
    throw new Error(`${accountsOf(store, grantee)} ${advice}`, { cause });
  }
}

function warn(store: ISessionStore, grantee: IGrantable, what = `the table ${store.tableArn}`): void {
  Annotations.of(store).addWarningV2(
    'dynamodb-sessions:other-account',
    `${accountsOf(store, grantee)} The policy of ${what} cannot be changed from here, and has to let it in.`,
  );
}

function accountsOf(store: ISessionStore, grantee: IGrantable): string {
  const who = Construct.isConstruct(grantee) ? grantee.node.path : 'The principal';
  const account = otherAccount(store.env.account, grantee);
  return `SessionStore: grantAccess: ${who} is of ${account === undefined ? 'no known account' : `the account ${account}`}, the table of ${say(store.env.account)}.`;
}

const say = (account: string): string =>
  Token.isUnresolved(account) ? "the stack's account" : `the account ${account}`;
