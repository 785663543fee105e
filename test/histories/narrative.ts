import type { History, Moment, Operation } from './history.js';

/** A history as one reads it: a line for what was asked, for what was answered, and for what happened in between. */
export function narrate(history: History): string {
  const names = new Names();
  const notes = history.notes.filter(({ text }) => !text.startsWith('    audit'));
  const operations = history.operations.filter((operation) => !isUneventful(operation));
  const lines: (Moment & { readonly text: string })[] = [
    ...notes,
    ...operations.flatMap((operation, number) => [
      { ...operation.invoked, text: `${operation.by} #${number}: ${asked(operation, names)}` },
      { ...operation.returned, text: `${operation.by} #${number}: ${answered(operation, names)}` },
    ]),
  ];
  const began = notes[0]?.at ?? 0;
  return lines
    .toSorted((a, b) => a.order - b.order)
    .map(({ at, text }) => `${Number.isFinite(at) ? `${at - began} s`.padStart(6) : ' never'}  ${names.apply(text)}`)
    .join('\n');
}

/** That the audit found nothing is no news. */
const isUneventful = ({ by, found, value }: Operation): boolean =>
  by.startsWith('audit') && found === undefined && (!Array.isArray(value) || value.length === 0);

function asked({ ask, writes }: Operation, names: Names): string {
  const { kind, ...details } = ask;
  const what = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${names.apply(String(value))}`);
  return [kind, ...what, ...(writes.size > 0 ? [`writing ${valuesOf(writes)}`] : [])].join(', ');
}

function answered({ ask, outcome, before, after, found, value, cookie }: Operation, names: Names): string {
  const facts = [
    found === undefined
      ? ask.kind === 'start'
        ? 'no session'
        : undefined
      : `session ${after} of ${found.user ?? 'nobody'} with ${valuesOf(found.data)}`,
    ask.kind !== 'start' && after !== before ? `the session is now ${after ?? 'none'}` : undefined,
    value === undefined ? undefined : `value ${JSON.stringify(value)}`,
    cookie === undefined ? undefined : `cookie: ${cookie.kind}${cookie.kind === 'set' ? ` ${cookie.token}` : ''}`,
  ].filter((fact) => fact !== undefined);
  return names.apply([outcome, ...facts].join('; '));
}

const valuesOf = (values: Operation['writes']): string =>
  `{${[...values].map(([key, value]) => `${key}: ${String(value)}`).join(', ')}}`;

/** Short names for what is long and random. */
class Names {
  readonly #names = new Map<string, string>();

  apply(text: string): string {
    return text
      .replaceAll(/(?<![\w-])([\w-]{21}[AQgw])(?:\.([\w-]{32}))?(?![\w-])/g, (_, id: string, secret?: string) =>
        secret === undefined ? this.#name('S', id) : `${this.#name('S', id)}.${this.#name('secret', secret)}`,
      )
      .replaceAll(/(?<![\w-])[\w-]{32}(?![\w-])/g, (value) => this.#name('random', value))
      .replaceAll(/(user \d) [\da-f]{8}/g, '$1');
  }

  #name(kind: string, value: string): string {
    const known = this.#names.get(kind + value);
    if (known !== undefined) return known;
    const name = `${kind}${[...this.#names.keys()].filter((key) => key.startsWith(kind)).length + 1}`;
    this.#names.set(kind + value, name);
    return name;
  }
}
