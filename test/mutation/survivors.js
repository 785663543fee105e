/** Mutants that no test can notice, and why. One that a test does notice, or that is no more, is an error. */
export const explained = [
  '`(attribute_not_exists(${writer}) OR ${writer} <> ${own})` as `(attribute_exists(${writer}) OR ${writer} <> ${own})`',
  '`(attribute_not_exists(${writer}) OR ${writer} <> ${own})` without attribute_not_exists(${writer})',
].map((what) => ({
  file: 'src/dynamodb/commands.ts',
  what,
  why: 'The engines hold that an absent attribute is <> any value. It is not documented, so the clause stays.',
}));
