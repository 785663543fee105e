import { Annotations, Token } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { TABLE_ENVIRONMENT } from '../src/table-schema.js';
import { otherAccount } from './accounts.js';
import type { ISessionStore } from './i-session-store.js';
import type { TableInRegion } from './table-in-region.js';

/** By which name a principal calls the table: from another account, by its ARN. */
export function tableNameFor(
  { env, tableName, tableArn }: Pick<ISessionStore, 'env' | 'tableName' | 'tableArn'>,
  grantee: IGrantable,
): string {
  return otherAccount(env.account, grantee) === undefined ? tableName : tableArn;
}

/**
 * Tells a function in its environment which table it is to use; a principal that has no environment is told nothing.
 * @throws an error that says what to do, if it has been told of another store
 */
export function tellFunction(store: ISessionStore, table: TableInRegion, grantee: IGrantable): void {
  const { env, tableName } = store;
  const target = functionBehind(grantee);
  const variables = {
    [TABLE_ENVIRONMENT.tableName]: tableNameFor({ env, tableName, tableArn: table.tableArn }, grantee),
    [TABLE_ENVIRONMENT.region]: table.region,
  };
  if (hasEnvironment(target)) {
    expectNoOther(store, target);
    for (const [name, value] of Object.entries(variables)) {
      // Lambda@Edge has no environment. A function there must be told the table by its code.
      target.addEnvironment(name, value, { removeInEdge: true });
    }
  } else if (Construct.isConstruct(target) && 'functionArn' in target) {
    Annotations.of(target).addWarningV2('dynamodb-sessions:environment', unset(store, variables));
  }
}

/** What an alias or a version stands for. */
function functionBehind(grantee: unknown): unknown {
  const behind: unknown =
    typeof grantee === 'object' && grantee !== null && 'lambda' in grantee ? grantee.lambda : undefined;
  return behind === undefined || behind === grantee ? grantee : functionBehind(behind);
}

function unset(store: ISessionStore, variables: Readonly<Record<string, string>>): string {
  const settings = Object.entries(variables).map(([name, value]) =>
    Token.isUnresolved(value) ? `${name} to what CloudFormation makes of it` : `${name}=${value}`,
  );
  return `This function was imported, so its environment cannot be set from here. It finds the table of ${store.node.path} if you set ${settings.join('; and ')}.`;
}

/** On a function: the store that it is told of. Two copies of this module share it. */
const STORE = Symbol.for('dynamodb-sessions.store');

function expectNoOther(store: ISessionStore, target: WithEnvironment): void {
  const told: ISessionStore = Reflect.get(target, STORE) ?? store;
  if (told !== store) {
    throw new Error(
      `SessionStore: grantAccess: ${target.node.path} has access to ${told.node.path} already, and its environment names one table only. For the rights alone call grantAccess(fn.grantPrincipal), and tell the persistence layer this table's name.`,
    );
  }
  Object.defineProperty(target, STORE, { value: store, configurable: true });
}

interface WithEnvironment extends IConstruct {
  addEnvironment(name: string, value: string, options: { removeInEdge: boolean }): unknown;
}

/** A function; asked by what it can do, for there may be two copies of aws-cdk-lib. */
function hasEnvironment(target: unknown): target is WithEnvironment {
  return Construct.isConstruct(target) && 'addEnvironment' in target && typeof target.addEnvironment === 'function';
}
