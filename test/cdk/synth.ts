import { Annotations, App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Construct } from 'constructs';
import { SessionStore, type SessionStoreProps } from 'dynamodb-sessions/cdk';
import { vi } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };

// The first synthesis of a file loads much of aws-cdk-lib.
vi.setConfig({ testTimeout: 120_000 });

/** An app with the settings of cdk.json. Nothing is bundled for it: a worker thread cannot, and nobody looks. */
export function newApp(outdir?: string): App {
  return new App({
    ...(outdir !== undefined && { outdir }),
    context: { ...cdkJson.context, 'aws:cdk:bundling-stacks': [] },
  });
}

export interface Synthesised {
  readonly template: Template;
  readonly store: SessionStore;
}

type Add = (scope: Construct, store: SessionStore) => void;
export type Props = SessionStoreProps | ((scope: Construct) => SessionStoreProps);

/** A stack with a store, and whatever else a test adds to it. */
export function synth(props: Props = {}, { add, ...stackProps }: StackProps & { add?: Add } = {}): Synthesised {
  const stack = new Stack(newApp(), 'Test', stackProps);
  Annotations.of(stack).acknowledgeWarning('dynamodb-sessions:unwatchedReplicas'); // it would only hide other output
  const store = new SessionStore(stack, 'Store', typeof props === 'function' ? props(stack) : props);
  add?.(stack, store);
  return { template: Template.fromStack(stack), store };
}

let byDefault: Synthesised | undefined;

/** A store as it is without any option. */
export function synthDefault(): Synthesised {
  return (byDefault ??= synth());
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
}

/** The only resource of a type. */
export function only({ template }: Pick<Synthesised, 'template'>, type: string): Resource {
  const [first, ...others] = Object.values(template.findResources(type)) as unknown as Resource[];
  if (first === undefined || others.length > 0) throw new Error(`${others.length + (first ? 1 : 0)} of ${type}`);
  return first;
}

/** The statements of the policies whose logical ID begins like this: their actions, and on what. */
export function statements({ template }: Pick<Synthesised, 'template'>, prefix: string): object[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(prefix))
    .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement as object[]);
}
