import { replaced, type Template } from './template.js';

/** The policies alone, with the names of resources to fill in. */
export function policies(template: Template): string {
  const named = (id: string): unknown => nameResources(template.Resources[id]?.Properties['PolicyDocument']);
  const documents = {
    application: named('SessionsApplicationPolicy'),
    support: named('SessionsSupportPolicy'),
    operator: named('SessionsOperatorPolicy'),
    cleanup: named('SessionsCleanupRoleDefaultPolicy'),
  };
  return `${JSON.stringify(documents, undefined, 2)}\n`;
}

/** What stands for a resource's ARN. */
const ARNS: Readonly<Record<string, string>> = {
  SessionsTable: 'arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE',
  SessionsCleanupLogs: 'arn:aws:logs:REGION:ACCOUNT:log-group:LOG_GROUP:*',
  SessionsCleanupDeadLetters: 'arn:aws:sqs:REGION:ACCOUNT:DEAD_LETTERS',
};

function nameResources(document: unknown): unknown {
  return replaced(document, (part) => {
    const joined = part['Fn::Join'] as [separator: string, parts: unknown[]] | undefined;
    if (joined !== undefined) return (nameResources(joined[1]) as string[]).join(joined[0]);
    const attribute = part['Fn::GetAtt'] as [id: string, name: string] | undefined;
    if (attribute === undefined) return undefined;
    const arn = attribute[1] === 'Arn' ? ARNS[attribute[0]] : undefined;
    if (arn === undefined) throw new Error(`Nothing stands for ${attribute.join('.')} in a policy.`);
    return arn;
  });
}
