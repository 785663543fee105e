/** The one that the logins of a history come of. */
export const ISSUER = 'https://login.example.com';

/** How it names a session of a user's. */
export const sidOf = (user: string, number: number): string => `session ${number} of ${user}`;
