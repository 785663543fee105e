/** The client that test events come from: a session that `signIn` made is its own. */
export const CLIENT = {
  address: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
} as const;
