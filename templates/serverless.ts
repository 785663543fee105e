import { only, replaced, type Template } from './template.js';
import { yaml } from './yaml.js';

const NAME = 'sessionsCleanup';
/** The Serverless Framework makes the logical ID of the name. */
const LOGICAL_ID = 'SessionsCleanupLambdaFunction';

/** For the Serverless Framework: a function, which it packages, and resources to merge into those of the service. */
export function serverless(template: Template): string {
  const [id, { Properties, DependsOn }] = only(template, 'AWS::Lambda::Function');
  const { Code: _, Handler: handler, Runtime, MemorySize, Timeout, Description, Role, ...others } = Properties;
  const { [id]: __, ...resources } = template.Resources;
  const bundle = 'node_modules/dynamodb-sessions/dist/cleanup';
  const head = [
    'The table of dynamodb-sessions, its cleanup with schedule and alarms, and the IAM policies. Save it as sessions.yaml',
    'and take it into your serverless.yml. The framework packages the code of the cleanup from node_modules.',
    '',
    '  functions:',
    `    ${NAME}: \${file(sessions.yaml):functions.${NAME}}`,
    '  resources:',
    '    - ${file(sessions.yaml):resources}',
  ];
  const document = {
    functions: {
      [NAME]: {
        handler: `${bundle}/${String(handler)}`,
        description: Description,
        runtime: Runtime,
        memorySize: MemorySize,
        timeout: Timeout,
        role: Role,
        disableLogs: true, // its log group is below
        package: { individually: true, patterns: ['!**', `${bundle}/index.mjs`] },
      },
    },
    resources: {
      Resources: resources,
      Outputs: template['Outputs'],
      extensions: { [id]: { Properties: others, DependsOn } },
    },
  };
  return yaml(head, renamed(document, id));
}

function renamed(document: unknown, id: string): unknown {
  return replaced(document, (part) => {
    if (part['Ref'] === id) return { Ref: LOGICAL_ID };
    const attribute = part['Fn::GetAtt'];
    if (Array.isArray(attribute) && attribute[0] === id) return { 'Fn::GetAtt': [LOGICAL_ID, attribute[1]] };
    const { [id]: extension, ...others } = part;
    return extension === undefined ? undefined : { ...others, [LOGICAL_ID]: extension };
  });
}
