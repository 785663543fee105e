/**
 * What an application or its visitors have stored, made fit for a terminal: a user agent or a user ID may hold escape
 * sequences that would move the cursor, rewrite what was printed, or reverse the text.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, escaped);
}

/** JSON for a terminal or a pipe: the same value, with what {@link printable} would escape written as escapes. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .split('\n')
    .map((line) => printable(line))
    .join('\n');
}

// Control characters, formatting characters (of which some turn the direction of text) and line separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

// By UTF-16 units, as JSON has it.
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, unit) => character.charCodeAt(unit))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('');
