/** For Stryker: how an error is worded is no behaviour. That there is one is, and stays mutated. */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'wording',
    value: {
      shouldIgnore: ({ node }) =>
        node.type === 'NewExpression' && node.callee.name?.endsWith('Error') ? 'the wording of an error' : undefined,
    },
  },
];
