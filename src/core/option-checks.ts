import { ConfigurationError } from './errors.js';

/** What an option must be; a {@link ConfigurationError} says which one is not, the kind of value it has, and what was expected. */

/** @param hint what else an error about an unknown option says */
export function refuseUnknown(owner: string, options: object, known: readonly string[], hint = ''): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw unexpected(owner === '' ? 'options' : owner.slice(0, -1), options, 'an object');
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      const quoted = JSON.stringify(owner + name).slice(1, -1); // no line breaks
      throw new ConfigurationError(`Unknown option ${quoted}; expected one of ${known.join(', ')}.${hint}`);
    }
  }
}

/** What each option must be if it is given; a table that lacks an option does not compile. */
export function expectOptions<Options extends object>(
  options: Options,
  kinds: Readonly<Record<keyof Options, 'a boolean' | 'a function' | 'a number' | 'an object' | 'a string'>>,
): void {
  refuseUnknown('', options, Object.keys(kinds));
  for (const [name, value] of Object.entries(options)) {
    const kind = kinds[name as keyof Options];
    if (value !== undefined && !kind.endsWith(typeof value)) throw unexpected(name, value, kind);
  }
}

export function expectWholeNumber(name: string, value: unknown, least: number, most: number, unit = ''): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw unexpected(name, value, `a whole number${unit} from ${least} to ${most}`);
  }
}

export function expectSeconds(name: string, value: unknown, least: number, most: number): void {
  expectWholeNumber(name, value, least, most, ' of seconds');
}

export function expectOneOf<Choice extends string>(
  name: string,
  value: unknown,
  choices: readonly Choice[],
): asserts value is Choice {
  if (!choices.includes(value as Choice)) throw unexpected(name, value, `one of ${choices.join(', ')}`);
}

export function expectFunctions(name: string, value: object, functions: readonly string[]): void {
  for (const member of functions) {
    const path = [name, member].filter(Boolean).join('.');
    const found = (value as Record<string, unknown> | null)?.[member];
    if (typeof found !== 'function') throw unexpected(path, found, 'a function');
  }
}

export function expectBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw unexpected(name, value, 'a boolean');
}

export function unexpected(name: string, value: unknown, expected: string): ConfigurationError {
  return new ConfigurationError(`Option ${name} is ${kindOf(value)}; expected ${expected}.`);
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return value === null ? 'null' : `${typeof value === 'undefined' ? '' : 'a value of type '}${typeof value}`;
}
