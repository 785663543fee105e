/** Mutants that no test can notice, and why. One that a test does notice, or that is no more, is an error. */
export const explained = [
  {
    file: 'src/table/commands.ts',
    what: '`(attribute_not_exists(${writer}) OR ${writer} <> ${own})` without attribute_not_exists(${writer})',
    why: 'The engines hold that an absent attribute is <> any value. It is not documented, so the clause stays.',
  },
  {
    file: 'src/cleanup/commands.ts',
    what: "id !== undefined → true in: return id !== undefined && isExpired ? { kind: 'expired', id, expiresAt } : { kind: 'skipped' };",
    why: 'Every item of the table has its key.',
  },
  {
    file: 'src/core/user-sessions.ts',
    what: 'a < b → a <= b in: .toSorted(([a, x], [b, y]) => y.lastSeenAt - x.lastSeenAt || y.createdAt - x.createdAt || (a < b ? -1 : 1));',
    why: 'No two sessions have the same ID.',
  },
  {
    file: 'src/core/user-sessions.ts',
    what: 'a < b → a <= b in: return y - x || (a < b ? -1 : 1);',
    why: 'No two sessions have the same ID.',
  },
];
