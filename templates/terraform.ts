import { attribute, block, type Block, type Body, Call, Expression, print } from './hcl.js';
import { type Properties, replaced, type Resource, type Template } from './template.js';

/** For Terraform and OpenTofu, which package the code of the cleanup themselves. */
export function terraform(template: Template): string {
  const resources = Object.entries(template.Resources).flatMap(([id, resource]) => {
    const { type, body, besides = () => [] } = kindOf(resource);
    const properties = replaced(resource.Properties, (part) => referenceIn(part, template)) as Properties;
    const own = block(`resource "${type}" "${snake(id)}"`, [
      ...body(properties, id),
      ...dependenciesOf(resource, template),
      ...lifecycleOf(resource),
    ]);
    return [own, ...besides(properties, id)];
  });
  return `${HEAD}\n\n${print([...SURROUNDINGS, ...resources, ...outputsOf(template)])}\n`;
}

const HEAD = `# The table of dynamodb-sessions, its cleanup with schedule and alarms, and the IAM policies. Save it as sessions.tf.
#
# Terraform packages the code of the cleanup from node_modules: run \`npm install dynamodb-sessions\` beside this file.
# It wants the providers hashicorp/aws and hashicorp/archive.`;

const BUNDLE = '${path.module}/node_modules/dynamodb-sessions/dist/cleanup/index.mjs';

const SURROUNDINGS = [
  block('variable "sessions_name"', [
    attribute('description', 'The name of the table, and what other names begin with.'),
    attribute('type', new Expression('string')),
    attribute('default', 'sessions'),
  ]),
  block('data "aws_caller_identity" "sessions"', []),
  block('data "aws_partition" "sessions"', []),
  block('data "aws_region" "sessions"', []),
  block('data "archive_file" "sessions_cleanup"', [
    attribute('type', 'zip'),
    attribute('source_file', BUNDLE),
    attribute('output_path', '${path.module}/.terraform/sessions-cleanup.zip'),
  ]),
];

/** In the account, or in the region. */
const named = (id: string): string => `\${var.sessions_name}-${kebab(id.replace(/^Sessions/, ''))}`;

interface Kind {
  readonly type: string;
  /** What a `Ref` to it becomes. */
  readonly ref: string;
  readonly body: (properties: Properties, id: string) => Body;
  /** What is a part of it in CloudFormation, and a resource of its own in Terraform. */
  readonly besides?: (properties: Properties, id: string) => readonly Block[];
}

/**
 * How each type of resource is written. A property that is not named here is an error, so that nothing which the
 * construct says is left out.
 */
const KINDS: Readonly<Record<string, Kind>> = {
  'AWS::DynamoDB::GlobalTable': { type: 'aws_dynamodb_table', ref: 'name', body: tableBody, besides: insights },
  'AWS::SQS::Queue': {
    type: 'aws_sqs_queue',
    ref: 'url',
    body: (properties, id) => [
      attribute('name', named(id)),
      ...renamed(properties, {
        MessageRetentionPeriod: 'message_retention_seconds',
        SqsManagedSseEnabled: 'sqs_managed_sse_enabled',
      }),
    ],
  },
  'AWS::SQS::QueuePolicy': {
    type: 'aws_sqs_queue_policy',
    ref: 'id',
    body: ({ PolicyDocument, Queues, ...others }) =>
      nothingElse(others, [attribute('queue_url', single(Queues)), policy(PolicyDocument)]),
  },
  'AWS::Logs::LogGroup': {
    type: 'aws_cloudwatch_log_group',
    ref: 'name',
    body: (properties) => [
      attribute('name', `/aws/lambda/${named('cleanup')}`),
      ...renamed(properties, { RetentionInDays: 'retention_in_days' }),
    ],
  },
  'AWS::IAM::Role': {
    type: 'aws_iam_role',
    ref: 'name',
    body: ({ AssumeRolePolicyDocument, ...others }, id) =>
      nothingElse(others, [attribute('name', named(id)), policy(AssumeRolePolicyDocument, 'assume_role_policy')]),
  },
  'AWS::IAM::Policy': {
    type: 'aws_iam_role_policy',
    ref: 'id',
    body: ({ PolicyDocument, PolicyName: _, Roles, ...others }) =>
      nothingElse(others, [attribute('role', single(Roles)), policy(PolicyDocument)]),
  },
  'AWS::IAM::ManagedPolicy': {
    type: 'aws_iam_policy',
    ref: 'arn',
    body: ({ Description, Path, PolicyDocument, ...others }, id) =>
      nothingElse(others, [
        attribute('name', named(id)),
        attribute('path', Path),
        attribute('description', Description),
        policy(PolicyDocument),
      ]),
  },
  'AWS::Lambda::Function': { type: 'aws_lambda_function', ref: 'function_name', body: functionBody },
  'AWS::Lambda::EventInvokeConfig': {
    type: 'aws_lambda_function_event_invoke_config',
    ref: 'id',
    body: ({ Qualifier: _, ...properties }) =>
      renamed(properties, {
        FunctionName: 'function_name',
        MaximumEventAgeInSeconds: 'maximum_event_age_in_seconds',
        MaximumRetryAttempts: 'maximum_retry_attempts',
      }),
  },
  'AWS::Scheduler::Schedule': { type: 'aws_scheduler_schedule', ref: 'name', body: scheduleBody },
  'AWS::CloudWatch::Alarm': { type: 'aws_cloudwatch_metric_alarm', ref: 'alarm_name', body: alarmBody },
};

function tableBody(properties: Properties): Body {
  const { AttributeDefinitions, BillingMode, GlobalSecondaryIndexes, KeySchema, Replicas, ...table } = properties;
  const { TimeToLiveSpecification, ...others } = table;
  const { PointInTimeRecoverySpecification, DeletionProtectionEnabled, ...replica } = single(Replicas) as Properties;
  const { ContributorInsightsSpecification: _, GlobalSecondaryIndexes: __, Region: ___, ...othersOfReplica } = replica;
  const { PointInTimeRecoveryEnabled } = PointInTimeRecoverySpecification as Properties;
  return nothingElse({ ...others, ...othersOfReplica }, [
    attribute('name', new Expression('var.sessions_name')),
    attribute('billing_mode', BillingMode),
    ...keys(KeySchema),
    attribute('deletion_protection_enabled', DeletionProtectionEnabled),
    ...list(AttributeDefinitions).map((definition) =>
      block('attribute', renamed(definition, { AttributeName: 'name', AttributeType: 'type' })),
    ),
    ...list(GlobalSecondaryIndexes).map(({ IndexName, KeySchema: key, Projection, ...othersOfIndex }) =>
      block(
        'global_secondary_index',
        nothingElse(othersOfIndex, [
          attribute('name', IndexName),
          ...keys(key),
          ...renamed(Projection as Properties, { ProjectionType: 'projection_type' }),
        ]),
      ),
    ),
    ...nested('ttl', TimeToLiveSpecification, { AttributeName: 'attribute_name', Enabled: 'enabled' }),
    block('point_in_time_recovery', [attribute('enabled', PointInTimeRecoveryEnabled)]),
  ]);
}

/** Contributor Insights of the table, and of each index. */
function insights({ Replicas }: Properties, id: string): readonly Block[] {
  const { ContributorInsightsSpecification, GlobalSecondaryIndexes } = single(Replicas) as Properties;
  const of = (specification: unknown, name: string, index: Body): readonly Block[] => {
    const { Enabled = false, ...mode } = (specification ?? {}) as Properties;
    const table = attribute('table_name', new Expression(`aws_dynamodb_table.${snake(id)}.name`));
    const body = [table, ...index, ...renamed(mode, { Mode: 'mode' })];
    return Enabled === true ? [block(`resource "aws_dynamodb_contributor_insights" "${name}"`, body)] : [];
  };
  return [
    ...of(ContributorInsightsSpecification, snake(id), []),
    ...list(GlobalSecondaryIndexes).flatMap(({ IndexName, ContributorInsightsSpecification: ofIndex }) =>
      of(ofIndex, `${snake(id)}_${snake(String(IndexName))}`, [attribute('index_name', IndexName)]),
    ),
  ];
}

const keys = (schema: unknown): Body =>
  list(schema).map(({ AttributeName, KeyType }) =>
    attribute(KeyType === 'HASH' ? 'hash_key' : 'range_key', AttributeName),
  );

function functionBody(properties: Properties): Body {
  const { Code: _, DeadLetterConfig, Environment, LoggingConfig, ...others } = properties;
  const { LogGroup, ...othersOfLogging } = LoggingConfig as Properties;
  const { Variables, ...othersOfEnvironment } = Environment as Properties;
  return nothingElse({ ...othersOfLogging, ...othersOfEnvironment }, [
    attribute('function_name', named('cleanup')),
    ...renamed(others, {
      Description: 'description',
      Architectures: 'architectures',
      Handler: 'handler',
      MemorySize: 'memory_size',
      Role: 'role',
      Runtime: 'runtime',
      Timeout: 'timeout',
    }),
    attribute('filename', new Expression('data.archive_file.sessions_cleanup.output_path')),
    attribute('source_code_hash', new Expression('data.archive_file.sessions_cleanup.output_base64sha256')),
    ...nested('dead_letter_config', DeadLetterConfig, { TargetArn: 'target_arn' }),
    block('environment', [attribute('variables', Variables)]),
    block('logging_config', [attribute('log_format', 'Text'), attribute('log_group', LogGroup)]),
  ]);
}

function scheduleBody({ FlexibleTimeWindow, Target, ...properties }: Properties): Body {
  const { DeadLetterConfig, RetryPolicy, ...target } = Target as Properties;
  return [
    attribute('name', named('cleanup')),
    ...renamed(properties, {
      Description: 'description',
      ScheduleExpression: 'schedule_expression',
      ScheduleExpressionTimezone: 'schedule_expression_timezone',
      State: 'state',
    }),
    ...nested('flexible_time_window', FlexibleTimeWindow, {
      Mode: 'mode',
      MaximumWindowInMinutes: 'maximum_window_in_minutes',
    }),
    block('target', [
      ...renamed(target, { Arn: 'arn', Input: 'input', RoleArn: 'role_arn' }),
      ...nested('dead_letter_config', DeadLetterConfig, { Arn: 'arn' }),
      ...nested('retry_policy', RetryPolicy, {
        MaximumEventAgeInSeconds: 'maximum_event_age_in_seconds',
        MaximumRetryAttempts: 'maximum_retry_attempts',
      }),
    ]),
  ];
}

/** Of a metric by itself, and of one that an expression is made of. */
const METRIC = { MetricName: 'metric_name', Namespace: 'namespace', Period: 'period' };

function alarmBody({ Dimensions, Metrics, ...properties }: Properties, id: string): Body {
  return [
    attribute('alarm_name', named(id)),
    ...renamed(properties, {
      ...METRIC,
      AlarmDescription: 'alarm_description',
      ComparisonOperator: 'comparison_operator',
      DatapointsToAlarm: 'datapoints_to_alarm',
      EvaluationPeriods: 'evaluation_periods',
      Statistic: 'statistic',
      Threshold: 'threshold',
      TreatMissingData: 'treat_missing_data',
    }),
    ...dimensions(Dimensions),
    ...list(Metrics).map(({ MetricStat, ...query }) =>
      block('metric_query', [
        ...renamed(query, {
          Id: 'id',
          Expression: 'expression',
          Label: 'label',
          Period: 'period',
          ReturnData: 'return_data',
        }),
        ...(MetricStat === undefined ? [] : [block('metric', statBody(MetricStat as Properties))]),
      ]),
    ),
  ];
}

function statBody({ Metric, ...stat }: Properties): Body {
  const { Dimensions, ...metric } = Metric as Properties;
  return [...renamed({ ...metric, ...stat }, { ...METRIC, Stat: 'stat', Unit: 'unit' }), ...dimensions(Dimensions)];
}

const dimensions = (value: unknown): Body =>
  value === undefined
    ? []
    : [attribute('dimensions', Object.fromEntries(list(value).map(({ Name, Value }) => [Name, Value])))];

/** A policy as an object: Terraform makes the JSON. */
function policy(document: unknown, name = 'policy'): Body[number] {
  return attribute(name, new Call('jsonencode', document));
}

function renamed(properties: Properties, names: Readonly<Record<string, string>>): Body {
  return Object.entries(properties).map(([property, value]) => {
    const name = names[property];
    if (name === undefined) throw new Error(`The Terraform template does not know the property ${property}.`);
    return attribute(name, value);
  });
}

const nested = (name: string, properties: unknown, names: Readonly<Record<string, string>>): Body =>
  properties === undefined ? [] : [block(name, renamed(properties as Properties, names))];

function nothingElse(others: Properties, body: Body): Body {
  renamed(others, {});
  return body;
}

/** Such as a role's policy, without which Lambda refuses a function with a dead-letter queue. */
function dependenciesOf({ DependsOn = [] }: Resource, template: Template): Body {
  const addresses = DependsOn.map((id) => new Expression(addressOf(id, template)));
  return addresses.length === 0 ? [] : [attribute('depends_on', addresses)];
}

/** What CloudFormation keeps, Terraform refuses to destroy. */
const lifecycleOf = ({ DeletionPolicy }: Resource): Body =>
  DeletionPolicy === 'Retain' ? [block('lifecycle', [attribute('prevent_destroy', true)])] : [];

function outputsOf(template: Template): Block[] {
  return Object.entries(template['Outputs'] as Record<string, { readonly Value: Properties }>).map(([id, { Value }]) =>
    block(`output "${snake(id)}"`, [attribute('value', referenceIn(Value, template))]),
  );
}

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::AccountId': 'data.aws_caller_identity.sessions.account_id',
  'AWS::Partition': 'data.aws_partition.sessions.partition',
  'AWS::Region': 'data.aws_region.sessions.name',
};

/** `undefined` if it is no reference. */
function referenceIn(part: Properties, template: Template): unknown {
  const { Ref: ref, 'Fn::GetAtt': attributeOf, 'Fn::Join': joined } = part;
  if (joined !== undefined) {
    const [separator, parts] = joined as [string, unknown[]];
    return (replaced(parts, (inner) => referenceIn(inner, template)) as unknown[]).map(asText).join(separator);
  }
  if (typeof ref === 'string')
    return new Expression(PSEUDO_PARAMETERS[ref] ?? `${addressOf(ref, template)}.${refOf(ref, template)}`);
  if (attributeOf === undefined) return undefined;
  const [id, name] = attributeOf as [string, string];
  const arn = new Expression(`${addressOf(id, template)}.${ATTRIBUTES[name] ?? unknown(name)}`);
  // CloudFormation means the streams of a log group by its ARN, Terraform the group.
  return template.Resources[id]?.Type === 'AWS::Logs::LogGroup' ? `${asText(arn)}:*` : arn;
}

const ATTRIBUTES: Readonly<Record<string, string>> = { Arn: 'arn', QueueName: 'name' };

const addressOf = (id: string, template: Template): string => `${kindIn(template, id).type}.${snake(id)}`;
const refOf = (id: string, template: Template): string => kindIn(template, id).ref;
const asText = (part: unknown): string => (part instanceof Expression ? `\${${part.code}}` : String(part));

function kindIn({ Resources }: Template, id: string): Kind {
  return kindOf(Resources[id] ?? unknown(id));
}

function kindOf({ Type }: Resource): Kind {
  return KINDS[Type] ?? unknown(Type);
}

function unknown(what: string): never {
  throw new Error(`The Terraform template does not know ${what}.`);
}

const list = (value: unknown): readonly Properties[] => (value ?? []) as readonly Properties[];

function single(value: unknown): unknown {
  const [first, ...others] = list(value);
  if (first === undefined || others.length > 0) throw new Error('The Terraform template expects exactly one.');
  return first;
}

const snake = (id: string): string => kebab(id).replaceAll('-', '_');
const kebab = (id: string): string => id.replace(/(?<=[a-z\d])(?=[A-Z])/g, '-').toLowerCase();
