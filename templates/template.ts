/** A template of CloudFormation, as far as it is used here. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly [section: string]: unknown;
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: unknown;
}

export type Properties = Readonly<Record<string, unknown>>;

/** The only resource of a type: its logical ID, and itself. */
export function only({ Resources }: Template, type: string): readonly [id: string, resource: Resource] {
  const [first, ...others] = Object.entries(Resources).filter(([, resource]) => resource.Type === type);
  if (first === undefined || others.length > 0) throw new Error(`There are ${others.length + 1} resources ${type}.`);
  return first;
}

/** Replaces parts of a value from the outside in: `undefined` leaves a part as it is, and looks into it. */
export function replaced(value: unknown, replace: (part: Properties) => unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => replaced(part, replace));
  if (typeof value !== 'object' || value === null) return value;
  const replacement = replace(value as Properties);
  if (replacement !== undefined) return replacement;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replaced(part, replace)]));
}
