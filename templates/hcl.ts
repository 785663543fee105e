/** The language of Terraform, as far as it is written here, in the layout of `terraform fmt`. */
export type Body = readonly (Attribute | Block)[];

interface Attribute {
  readonly attribute: string;
  readonly value: unknown;
}

/** A block, such as a resource. */
export interface Block {
  readonly block: string;
  readonly body: Body;
}

/** An expression as it is, such as a reference. Within a string it is `${…}`. */
export class Expression {
  readonly code: string;

  constructor(code: string) {
    this.code = code;
  }
}

/** A function with one argument. */
export class Call {
  readonly name: string;
  readonly argument: unknown;

  constructor(name: string, argument: unknown) {
    this.name = name;
    this.argument = argument;
  }
}

export const attribute = (name: string, value: unknown): Attribute => ({ attribute: name, value });
export const block = (head: string, body: Body): Block => ({ block: head, body });

/** Blocks at the top of a file. */
export const print = (blocks: readonly Block[]): string =>
  blocks.map((each) => blockLines(each).join('\n')).join('\n\n');

function blockLines({ block: head, body }: Block): string[] {
  return body.length === 0 ? [`${head} {}`] : [`${head} {`, ...bodyLines(body).map(indented), '}'];
}

function bodyLines(body: Body): string[] {
  const groups: string[][] = [];
  let aligned: (readonly [name: string, value: string])[] = [];
  const flush = (): void => {
    if (aligned.length > 0) groups.push(alignedLines(aligned));
    aligned = [];
  };
  for (const part of body) {
    if ('block' in part) {
      flush();
      groups.push(blockLines(part));
      continue;
    }
    const text = valueText(part.value);
    if (!text.includes('\n')) aligned.push([part.attribute, text]);
    else {
      flush();
      groups.push(`${part.attribute} = ${text}`.split('\n'));
    }
  }
  flush();
  return groups.flatMap((group, index) => (index === 0 ? group : ['', ...group]));
}

const indented = (line: string): string => (line === '' ? line : `  ${line}`);

function alignedLines(entries: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)} = ${value}`);
}

function valueText(value: unknown): string {
  if (value instanceof Expression) return value.code;
  if (value instanceof Call) return `${value.name}(${valueText(value.argument)})`;
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return listText(value);
  if (typeof value === 'object' && value !== null) return objectText(value);
  return String(value);
}

function listText(values: readonly unknown[]): string {
  const texts = values.map(valueText);
  const line = `[${texts.join(', ')}]`;
  if (!line.includes('\n') && line.length < 100) return line;
  return `[\n${texts.map((text) => `${indentedText(text)},`).join('\n')}\n]`;
}

/** Keys with a value of several lines are not aligned with others: so each is on its own there. */
function objectText(value: object): string {
  const entries = Object.entries(value).map(([key, part]) => [keyText(key), valueText(part)] as const);
  const short = entries.filter(([, text]) => !text.includes('\n'));
  const long = entries.filter(([, text]) => text.includes('\n')).map(([key, text]) => `${key} = ${text}`);
  return `{\n${[...(short.length > 0 ? alignedLines(short) : []), ...long].map(indentedText).join('\n')}\n}`;
}

const indentedText = (text: string): string => text.split('\n').map(indented).join('\n');
const keyText = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key));

/** Text that means something to Terraform comes from references alone: nothing in the construct has a `${` or `%{`. */
const quoted = (text: string): string => JSON.stringify(text);
