import { Token } from 'aws-cdk-lib';

/** Checks one thing about a property. @throws an error that names the construct, the property and the reason */
export type Expect = (condition: boolean, property: string, reason: string) => void;

/** @param owner what the properties belong to, such as `cleanup.` */
export function expecting(construct: string, owner = ''): Expect {
  return (condition, property, reason) => {
    if (!condition) throw new Error(`${construct}: ${owner}${property}: ${reason}${reason.endsWith('?') ? '' : '.'}`);
  };
}

/** Expects a whole number, if it is given and known. */
export function expectWhole(
  expect: Expect,
  name: string,
  value: number | undefined,
  least: number,
  most: number,
  unit = '',
): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  const isGood = Number.isInteger(value) && value >= least && value <= most;
  expect(isGood, name, `${value} is not a whole number from ${least} to ${most}${unit}`);
}

/** Expects that all properties are known ones. A list that lacks one does not compile. */
export function expectKnown<Props extends object>(
  expect: Expect,
  props: Props,
  known: Readonly<Record<keyof Props, true>>,
): void {
  const names = Object.keys(known);
  for (const name of Object.keys(props)) {
    const meant = names.find((other) => isSimilar(name.toLowerCase(), other.toLowerCase()));
    expect(
      names.includes(name),
      name,
      meant === undefined
        ? `there is no such property; expected one of ${names.join(', ')}`
        : `there is no such property; did you mean ${meant}?`,
    );
  }
}

/** Whether one begins or ends like the other, or is at most two letters away. */
function isSimilar(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length > 2 && (long.startsWith(short) || long.endsWith(short) || distance(one, other) <= 2);
}

/** How many letters must be added, taken away or exchanged to make one word of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of one.split('').entries()) {
    const next = [index + 1];
    for (const [at, otherLetter] of other.split('').entries()) {
      const exchanged = (row[at] as number) + (letter === otherLetter ? 0 : 1);
      next.push(Math.min(exchanged, (row[at + 1] as number) + 1, (next[at] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
