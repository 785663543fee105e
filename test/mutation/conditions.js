import { readFileSync } from 'node:fs';

/**
 * The conditions that DynamoDB is asked to check, each broken in one place. They are text, into which a mutation tool
 * does not look.
 */

/** What is wrong in place of what is right, within a template literal. */
const WRONG = [
  [' > ', ' >= '],
  [' < ', ' <= '],
  [' <= ', ' < '],
  [' = ', ' <> '],
  [' OR ', ' AND '],
  ['attribute_not_exists(', 'attribute_exists('],
  ['NOT attribute_type(', 'attribute_type('],
];

/**
 * What holds in any case: a clause that is left out would leave its placeholders, and DynamoDB refuses those that an
 * expression does not use. So it stays, and means nothing.
 */
const ALWAYS = '((condition) => condition && `(${condition} OR NOT ${condition})`)';
const NEVER = '((condition) => `(${condition} AND NOT ${condition})`)';

// None of them holds a backtick, or another call of `and`.
const TEMPLATE = /`[^`]*`/g;
const ALONE = /(?<=\bConditionExpression: )`[^`]*`/g;
const ALL_OF = /\band\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g;
const ANY_OF = /\[([^\]]*)\]\.join\(' OR '\)/g;
const ADDED = /(?<=conditions\.push\().*(?=\);)/g;

/**
 * Every mutant of the conditions in a file: what is broken, and the file's text with it.
 *
 * @returns {{ what: string, source: string }[]}
 */
export function mutantsOf(file) {
  const source = readFileSync(file, 'utf8');
  const mutants = [];
  const replace = (what, index, from, to) =>
    mutants.push({ what, source: source.slice(0, index) + to + source.slice(index + from.length) });

  for (const { 0: template, index } of source.matchAll(TEMPLATE)) {
    // What a write sets is no condition.
    if (/(\bset(\.push\(| = \[)[^;]*|UpdateExpression: )$/.test(source.slice(0, index))) continue;
    for (const [right, wrong] of WRONG) {
      for (let at = template.indexOf(right); at !== -1; at = template.indexOf(right, at + 1)) {
        const to = template.slice(0, at) + wrong + template.slice(at + right.length);
        replace(`${template} as ${to}`, index, template, to);
      }
    }
    const [, open, any, close] = bracketed(template.slice(1, -1));
    const each = partsOf(any, ' OR ');
    if (each.length === 1) continue;
    for (const [dropped, part] of each.entries()) {
      const rest = each.with(dropped, never(part)).join(' OR ');
      replace(`${template} without ${part}`, index, template, `\`${open}${rest}${close}\``);
    }
  }
  for (const { 0: condition, index } of source.matchAll(ALONE)) {
    replace(`without ${condition}`, index, condition, `${ALWAYS}(${condition})`);
  }
  for (const { 0: call, 1: conditions, index } of source.matchAll(ALL_OF)) {
    const each = partsOf(conditions, ',');
    for (const [dropped, condition] of each.entries()) {
      const always = condition.startsWith('...') ? `${condition}.map(${ALWAYS})` : `${ALWAYS}(${condition})`;
      const all = each.with(dropped, always).join(', ');
      replace(`${unfolded(call)} without ${condition}`, index, call, `and(${all})`);
    }
  }
  for (const { 0: list, 1: conditions, index } of source.matchAll(ANY_OF)) {
    const each = partsOf(conditions, ',');
    for (const [dropped, condition] of each.entries()) {
      const rest = each.with(dropped, `${NEVER}(${condition})`).join(', ');
      replace(`${unfolded(list)} without ${condition}`, index, list, `[${rest}].join(' OR ')`);
    }
  }
  for (const { 0: condition, index } of source.matchAll(ADDED)) {
    replace(`without ${condition}`, index, condition, `${ALWAYS}(${condition})`);
  }
  return mutants;
}

const never = (condition) => `((${condition}) AND NOT (${condition}))`;

/** A text with the brackets around all of it, if there are any, apart. */
const bracketed = (text) => /^(\()((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)(\))$/.exec(text) ?? [text, '', text, ''];

/** What is between the separators that are not within brackets. */
function partsOf(text, separator) {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ('([{'.includes(text[at])) depth += 1;
    if (')]}'.includes(text[at])) depth -= 1;
    if (depth === 0 && text.startsWith(separator, at)) {
      parts.push('');
      at += separator.length - 1;
    } else parts[parts.length - 1] += text[at];
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

const unfolded = (code) =>
  code.replaceAll(/\s+/g, ' ').replaceAll(/\( | ?,? \)/g, (space) => space.trim().replace(',', ''));
