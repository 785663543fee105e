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

// None of them holds a backtick or another call of `and`.
const TEMPLATE = /`[^`]*`/g;
const ALL_OF = /\band\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g;
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
    if (/\bset(\.push\(| = \[)[^;]*$/.test(source.slice(0, index))) continue;
    for (const [right, wrong] of WRONG) {
      for (let at = template.indexOf(right); at !== -1; at = template.indexOf(right, at + 1)) {
        const to = template.slice(0, at) + wrong + template.slice(at + right.length);
        replace(`${template} as ${to}`, index, template, to);
      }
    }
    const [, open = '', either, or, close = ''] = /^`(\(?)(.+) OR (.+?)(\)?)`$/.exec(template) ?? [];
    if (either === undefined) continue;
    // One bracket alone belongs to the side that it stands on.
    const sides = open !== '' && close !== '' ? [either, or] : [open + either, or + close];
    const [first, second] = sides;
    const whole = (text) => (open !== '' && close !== '' ? `\`(${text})\`` : `\`${text}\``);
    replace(`${template} without ${first}`, index, template, whole(`${never(first)} OR ${second}`));
    replace(`${template} without ${second}`, index, template, whole(`${first} OR ${never(second)}`));
  }
  for (const { 0: call, 1: conditions, index } of source.matchAll(ALL_OF)) {
    const each = partsOf(conditions);
    for (const [dropped, condition] of each.entries()) {
      const always = condition.startsWith('...') ? `${condition}.map(${ALWAYS})` : `${ALWAYS}(${condition})`;
      const all = each.with(dropped, always).join(', ');
      replace(`${unfolded(call)} without ${condition}`, index, call, `and(${all})`);
    }
  }
  for (const { 0: condition, index } of source.matchAll(ADDED)) {
    replace(`without ${condition}`, index, condition, `${ALWAYS}(${condition})`);
  }
  return mutants;
}

function never(condition) {
  const bracketed = /^\(.*\)$/.test(condition) ? condition : `(${condition})`;
  return `${bracketed} AND NOT ${bracketed}`;
}

/** The arguments of a call, split at the commas that are not within brackets. */
function partsOf(list) {
  const parts = [''];
  let depth = 0;
  for (const character of list) {
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

const unfolded = (code) =>
  code.replaceAll(/\s+/g, ' ').replaceAll(/\( | ?,? \)/g, (space) => space.trim().replace(',', ''));
