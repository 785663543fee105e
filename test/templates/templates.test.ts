import { parse as parseHcl } from '@cdktn/hcl2json';
import { App, Stack } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SessionStore } from 'dynamodb-sessions/cdk';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parse as parseYaml } from 'yaml';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { synthesize } from '../../templates/synthesize.js';
import { type Properties, replaced, type Resource, type Template } from '../../templates/template.js';
import { templates } from '../../templates/templates.js';
import { terraform } from '../../templates/terraform.js';

// The first synthesis loads much of aws-cdk-lib.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

type Resources = Record<string, Resource>;

const GRANTS = {
  application: 'grantAccess',
  support: 'grantReadOnly',
  operator: 'grantAdministration',
} as const;

/** What a stack with the construct has, made without anything of templates/. */
function constructs(): { resources: Resources; statements: Record<string, object[]> } {
  const stack = new Stack(new App({ context: cdkJson.context }), 'Stack');
  const store = new SessionStore(stack, 'Store', { dashboard: false });
  const own = new Set(Object.keys(Assertions.fromStack(stack).toJSON()['Resources']));

  const other = new Stack(new App({ context: cdkJson.context }), 'Stack');
  const granting = new SessionStore(other, 'Store', { dashboard: false });
  for (const [name, grant] of Object.entries(GRANTS))
    granting[grant](new Role(other, name, { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  const all: Resources = Assertions.fromStack(other).toJSON()['Resources'];
  expect(store.node.path).toBe(granting.node.path);

  const statements: Record<string, object[]> = {};
  for (const name of [...Object.keys(GRANTS), 'StoreCleanupRole']) {
    const [, policy] = Object.entries(all).find(([id]) => id.startsWith(`${name}DefaultPolicy`)) as [string, Resource];
    statements[name.replace('StoreCleanupRole', 'cleanup')] = statementsOf(policy.Properties['PolicyDocument']);
  }
  return { resources: Object.fromEntries(Object.entries(all).filter(([id]) => own.has(id))), statements };
}

const statementsOf = (document: unknown): object[] => (document as { readonly Statement: object[] }).Statement;

/** Resources under the names of their types and their numbers, whatever they are called. */
function numbered(resources: Resources): Resources {
  const numbers = new Map<string, number>();
  const names = new Map<string, string>();
  for (const [id, { Type }] of Object.entries(resources)) {
    const number = numbers.get(Type) ?? 0;
    numbers.set(Type, number + 1);
    names.set(id, `${Type} ${number}`);
  }
  const entries = Object.entries(resources).map(([id, { Metadata: _, DependsOn = [], ...resource }]) => {
    const { PolicyName: __, Code: ___, ...Properties } = resource.Properties;
    // What it refers to it waits for anyway.
    const waitsFor = DependsOn.filter((other) => !JSON.stringify(Properties).includes(`"${other}"`));
    return [names.get(id), { ...resource, Properties, waitsFor }] as const;
  });
  const named = JSON.stringify(Object.fromEntries(entries), (_, value: unknown) =>
    typeof value === 'string' ? (names.get(value) ?? value) : value,
  );
  return JSON.parse(named) as Resources;
}

/** The ARNs of a policy, with what stands for them where there are no resources. */
function withPlaceholders(statements: readonly object[]): unknown {
  return replaced(statements, (part) => {
    const joined = part['Fn::Join'] as [string, unknown[]] | undefined;
    if (joined !== undefined) return (withPlaceholders(joined[1] as object[]) as string[]).join(joined[0]);
    const id = (part['Fn::GetAtt'] as string[] | undefined)?.[0];
    if (id === undefined) return undefined;
    if (id.includes('Table')) return 'arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE';
    return id.includes('Logs')
      ? 'arn:aws:logs:REGION:ACCOUNT:log-group:LOG_GROUP:*'
      : 'arn:aws:sqs:REGION:ACCOUNT:DEAD_LETTERS';
  });
}

/** To what a template refers. */
function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>();
  replaced(value, (part) => {
    if (typeof part['Ref'] === 'string') found.add(part['Ref']);
    if (Array.isArray(part['Fn::GetAtt'])) found.add(part['Fn::GetAtt'][0] as string);
    return undefined;
  });
  return new Set([...found].filter((name) => !name.startsWith('AWS::')));
}

let made: ReturnType<typeof templates>;
let construct: ReturnType<typeof constructs>;
beforeAll(() => {
  made = templates();
  construct = constructs();
});

const yamlOf = (text: string): Template & { readonly Parameters?: object } => parseYaml(text, { version: '1.1' });
const withoutPolicies = (resources: Resources): Resources =>
  Object.fromEntries(Object.entries(resources).filter(([, { Type }]) => Type !== 'AWS::IAM::ManagedPolicy'));

describe('the template for CloudFormation', () => {
  it('has what the construct makes, resource by resource', () => {
    const { Resources } = yamlOf(made.cloudformation);
    expect(numbered(withoutPolicies(Resources))).toEqual(numbered(construct.resources));
  });

  it('takes the code of the cleanup from the bucket that its parameters name, and says how it gets there', () => {
    const { Resources, Parameters = {} } = yamlOf(made.cloudformation);
    expect(Resources['SessionsCleanupFunction']?.Properties['Code']).toEqual({
      S3Bucket: { Ref: 'CleanupCodeBucket' },
      S3Key: { Ref: 'CleanupCodeKey' },
    });
    expect(Object.keys(Parameters)).toEqual(['CleanupCodeBucket', 'CleanupCodeKey']);
    expect(made.cloudformation).toMatch(/^# .*\n#\n#.*dist\/cleanup/);
  });

  it('refers to nothing that is not in it, and has nothing of CDK', () => {
    const template = yamlOf(made.cloudformation);
    const names = [...Object.keys(template.Resources), ...Object.keys(template.Parameters ?? {})];
    expect([...referencesIn(template)].filter((name) => !names.includes(name))).toEqual([]);
    expect(made.cloudformation).not.toMatch(/cdk|BootstrapVersion/i);
  });
});

describe('the template for SAM', () => {
  it('is that for CloudFormation, with the code from node_modules', () => {
    const { Transform, Resources } = yamlOf(made.sam);
    expect(Transform).toBe('AWS::Serverless-2016-10-31');
    expect(numbered(Resources)).toEqual(numbered(yamlOf(made.cloudformation).Resources));
    expect(Resources['SessionsCleanupFunction']).toMatchObject({
      Properties: { Code: './node_modules/dynamodb-sessions/dist/cleanup' },
      Metadata: { SkipBuild: true },
    });
    expect([...referencesIn(Resources)].filter((name) => !(name in Resources))).toEqual([]);
  });
});

describe('the template for the Serverless Framework', () => {
  const FUNCTION = 'SessionsCleanupLambdaFunction';

  it('has the resources as they are, and a function that the framework packages', () => {
    const { functions, resources } = parseYaml(made.serverless, { version: '1.1' });
    const { SessionsCleanupFunction: cleanup, ...others } = yamlOf(made.cloudformation).Resources;
    const text = JSON.stringify(others).replaceAll('"SessionsCleanupFunction"', `"${FUNCTION}"`);
    expect(resources.Resources).toEqual(JSON.parse(text));
    const { handler, role, runtime, memorySize, timeout, description } = functions.sessionsCleanup;
    const { Properties, DependsOn } = resources.extensions[FUNCTION];
    expect(DependsOn).toEqual(['SessionsCleanupRoleDefaultPolicy']);
    const { Code: _, Handler, ...properties } = cleanup?.Properties ?? {};
    expect({
      ...Properties,
      Role: role,
      Runtime: runtime,
      MemorySize: memorySize,
      Timeout: timeout,
      Description: description,
    }).toEqual(properties);
    expect(handler).toBe(`node_modules/dynamodb-sessions/dist/cleanup/${String(Handler)}`);
  });

  it('refers to nothing that is not in it', () => {
    const { functions, resources } = parseYaml(made.serverless, { version: '1.1' });
    const names = [FUNCTION, ...Object.keys(resources.Resources)];
    const references = [...referencesIn({ functions, resources })];
    expect(references).toContain(FUNCTION);
    expect(references.filter((name) => !names.includes(name))).toEqual([]);
  });
});

const resourcesIn = async (text: string): Promise<Record<string, Record<string, [Properties]>>> =>
  (await parseHcl('sessions.tf', text))['resource'] as Record<string, Record<string, [Properties]>>;

describe('the template for Terraform', () => {
  it('has Contributor Insights as resources of their own, if the construct turns it on', async () => {
    const template = synthesize();
    const { SessionsTable: table, ...others } = template.Resources as Record<'SessionsTable', Resource>;
    const ContributorInsightsSpecification = { Enabled: true, Mode: 'THROTTLED_KEYS' };
    const [replica] = table.Properties['Replicas'] as readonly [Properties];
    const index = { IndexName: 'byUser', ContributorInsightsSpecification };
    const Replicas = [{ ...replica, ContributorInsightsSpecification, GlobalSecondaryIndexes: [index] }];
    const SessionsTable = { ...table, Properties: { ...table.Properties, Replicas } };
    const resources = await resourcesIn(terraform({ ...template, Resources: { ...others, SessionsTable } }));
    const common = { table_name: '${aws_dynamodb_table.sessions_table.name}', mode: 'THROTTLED_KEYS' };
    expect(resources['aws_dynamodb_contributor_insights']).toEqual({
      sessions_table: [common],
      sessions_table_by_user: [{ ...common, index_name: 'byUser' }],
    });
  });

  it('is read by a parser, and has each resource of the construct', async () => {
    const { aws_dynamodb_contributor_insights: _, ...resource } = await resourcesIn(made.terraform);
    const counted = Object.fromEntries(Object.entries(resource).map(([type, all]) => [type, Object.keys(all).length]));
    const { Resources } = yamlOf(made.cloudformation);
    const of = (type: string): number => Object.values(Resources).filter(({ Type }) => Type === type).length;
    expect(counted).toMatchObject({
      aws_dynamodb_table: of('AWS::DynamoDB::GlobalTable'),
      aws_lambda_function: of('AWS::Lambda::Function'),
      aws_scheduler_schedule: of('AWS::Scheduler::Schedule'),
      aws_sqs_queue: of('AWS::SQS::Queue'),
      aws_cloudwatch_log_group: of('AWS::Logs::LogGroup'),
      aws_cloudwatch_metric_alarm: of('AWS::CloudWatch::Alarm'),
      aws_iam_role: of('AWS::IAM::Role'),
      aws_iam_role_policy: of('AWS::IAM::Policy'),
      aws_iam_policy: of('AWS::IAM::ManagedPolicy'),
    });
    expect(Object.values(counted).reduce((sum, count) => sum + count)).toBe(Object.keys(Resources).length);
    const [table] = resource['aws_dynamodb_table']?.['sessions_table'] ?? [];
    expect(table).toMatchObject({
      hash_key: 'id',
      billing_mode: 'PAY_PER_REQUEST',
      deletion_protection_enabled: true,
      ttl: [{ attribute_name: 'expiresAt', enabled: true }],
      global_secondary_index: [
        { name: 'byUser', hash_key: 'user', range_key: 'createdAt', projection_type: 'KEYS_ONLY' },
      ],
      lifecycle: [{ prevent_destroy: true }],
    });
    const alarms = Object.values(resource['aws_cloudwatch_metric_alarm'] ?? {}).map(([alarm]) => alarm['threshold']);
    const thresholds = Object.values(Resources).flatMap(({ Properties: { Threshold } }) => Threshold ?? []);
    const sorted = (numbers: readonly unknown[]): readonly number[] => numbers.map(Number).toSorted((a, b) => a - b);
    expect(sorted(alarms)).toEqual(sorted(thresholds));
  });

  it('refers to nothing that is not in it', () => {
    const declared = [...made.terraform.matchAll(/^(resource|data) "(\w+)" "(\w+)"/gm)].map(([, kind, type, name]) =>
      kind === 'data' ? `data.${type}.${name}` : `${type}.${name}`,
    );
    const used = [...made.terraform.matchAll(/\b(?:data\.)?(?:aws|archive)_\w+\.sessions\w*/g)].map(
      ([address]) => address,
    );
    expect(used.length).toBeGreaterThan(40);
    expect(used.filter((address) => !declared.includes(address))).toEqual([]);
  });

  it('fails to be made if the construct says what it does not know: a property, or a type', () => {
    const template = synthesize();
    const withChange = (id: string, change: Partial<Resource>): Template => {
      const resource = template.Resources[id] as Resource;
      return { ...template, Resources: { ...template.Resources, [id]: { ...resource, ...change } } };
    };
    expect(() => terraform(template)).not.toThrow();
    for (const [id, { Properties }] of Object.entries(template.Resources)) {
      const changed = withChange(id, { Properties: { ...Properties, Added: 'later' } });
      expect(() => terraform(changed), id).toThrow('does not know the property Added');
    }
    expect(() => terraform(withChange('SessionsTable', { Type: 'AWS::New::Thing' }))).toThrow('AWS::New::Thing');
  });
});

describe('the policies', () => {
  it('alone are those that the construct gives, statement by statement', () => {
    const documents = JSON.parse(made.policy) as Record<string, object>;
    const expected = Object.entries(construct.statements).map(([name, statements]) => [
      name,
      withPlaceholders(statements),
    ]);
    const found = Object.entries(documents).map(([name, document]) => [name, statementsOf(document)]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  it('in CloudFormation are those that the construct gives, statement by statement', () => {
    const { Resources } = yamlOf(made.cloudformation);
    for (const name of Object.keys(GRANTS)) {
      const id = `Sessions${name.charAt(0).toUpperCase()}${name.slice(1)}Policy`;
      const statements = statementsOf(Resources[id]?.Properties['PolicyDocument']);
      expect(withPlaceholders(statements), name).toEqual(withPlaceholders(construct.statements[name] ?? []));
    }
  });

  it('in Terraform are those that the construct gives, statement by statement', async () => {
    const policy = async (type: string, name: string): Promise<unknown> => {
      const [, block = ''] = new RegExp(`resource "${type}" "${name}" \\{\\n([^]*?)\\n\\}`).exec(made.terraform) ?? [];
      const [, object = ''] = /policy = jsonencode\(([^]*)\)$/.exec(block) ?? [];
      const { policy: document } = (await parseHcl('policy.tf', `policy = ${object}\n`)) as { policy: unknown };
      return JSON.parse(
        JSON.stringify(statementsOf(document))
          .replaceAll('${aws_dynamodb_table.sessions_table.arn}', 'arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE')
          .replaceAll(
            '${aws_cloudwatch_log_group.sessions_cleanup_logs.arn}',
            'arn:aws:logs:REGION:ACCOUNT:log-group:LOG_GROUP',
          )
          .replaceAll('${aws_sqs_queue.sessions_cleanup_dead_letters.arn}', 'arn:aws:sqs:REGION:ACCOUNT:DEAD_LETTERS'),
      );
    };
    for (const name of Object.keys(GRANTS))
      expect(await policy('aws_iam_policy', `sessions_${name}_policy`), name).toEqual(
        withPlaceholders(construct.statements[name] ?? []),
      );
    expect(await policy('aws_iam_role_policy', 'sessions_cleanup_role_default_policy')).toEqual(
      withPlaceholders(construct.statements['cleanup'] ?? []),
    );
  });
});
