/** Mutants that no test can notice, and why. One that a test does notice, or that is no more, is an error. */
export const explained = [
  {
    file: 'src/dynamodb/commands.ts',
    what: '`(attribute_not_exists(${writer}) OR ${writer} <> ${own})` without attribute_not_exists(${writer})',
    why: 'The engines hold that an absent attribute is <> any value. It is not documented, so the clause stays.',
  },
  {
    file: 'src/core/client.ts',
    what: "/^::ffff:(?=[\\d.]+$)/ → /::ffff:(?=[\\d.]+$)/ in: return new SocketAddress({ address: withoutZone, family }).address.replace(/^::ffff:(?=[\\d.]+$)/, '');",
    why: 'SocketAddress writes dotted numbers in an IPv6 address only behind ::ffff: at its beginning.',
  },
];
