import { stringify } from 'yaml';

/** @param head what a reader has to know: lines of a comment */
export function yaml(head: readonly string[], document: unknown): string {
  const comment = head.map((line) => `# ${line}`.trimEnd()).join('\n');
  return `${comment}\n\n${stringify(document, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 })}`;
}
