import { only, type Template } from './template.js';
import { yaml } from './yaml.js';

const FUNCTION = 'AWS::Lambda::Function';
const HEAD = ['The table of dynamodb-sessions, its cleanup with schedule and alarms, and the IAM policies.'];

/** For `aws cloudformation deploy`. The code of the cleanup is in a bucket that parameters name. */
export function cloudFormation(template: Template): string {
  const Parameters = {
    CleanupCodeBucket: { Type: 'String', Description: 'The bucket with the code of the cleanup.' },
    CleanupCodeKey: { Type: 'String', Description: 'The key of that code in the bucket.' },
  };
  const code = { S3Bucket: { Ref: 'CleanupCodeBucket' }, S3Key: { Ref: 'CleanupCodeKey' } };
  const head = [
    ...HEAD,
    '',
    'The cleanup runs the file that the package has in dist/cleanup. Package it so, and again after an update:',
    '',
    '  (cd node_modules/dynamodb-sessions/dist/cleanup && zip -X "$OLDPWD/cleanup.zip" index.mjs)',
    '  aws s3 cp cleanup.zip s3://<bucket>/<key>',
    '  aws cloudformation deploy --template-file <this file> --stack-name <name> --capabilities CAPABILITY_IAM \\',
    '    --parameter-overrides CleanupCodeBucket=<bucket> CleanupCodeKey=<key>',
  ];
  return yaml(head, { AWSTemplateFormatVersion: '2010-09-09', Parameters, ...withCode(template, code) });
}

/** For `sam deploy`, which uploads the code of the cleanup itself. */
export function sam(template: Template): string {
  const head = [
    ...HEAD,
    '',
    'SAM uploads the code of the cleanup from node_modules: run `npm install dynamodb-sessions` beside this file, then',
    '`sam deploy --guided --template-file <this file>`.',
  ];
  const { Resources, ...sections } = withCode(template, './node_modules/dynamodb-sessions/dist/cleanup');
  const [id, resource] = only(template, FUNCTION);
  const built = { ...Resources, [id]: { ...resource, ...Resources[id], Metadata: { SkipBuild: true } } };
  const header = { AWSTemplateFormatVersion: '2010-09-09', Transform: 'AWS::Serverless-2016-10-31' };
  return yaml(head, { ...header, ...sections, Resources: built });
}

function withCode(template: Template, Code: unknown): Template {
  const [id, resource] = only(template, FUNCTION);
  const Properties = { ...resource.Properties, Code };
  return { ...template, Resources: { ...template.Resources, [id]: { ...resource, Properties } } };
}
