/** What the sites keep in a session. */
export type SessionData = Readonly<Record<string, string>>;

/** The small key that is changed, and its values. */
export const CHANGED = { key: 'theme', from: 'dark', to: 'light' } as const;

const withParts = (count: number, length: number): SessionData => ({
  [CHANGED.key]: CHANGED.from,
  ...Object.fromEntries(Array.from({ length: count }, (_, part) => [`part${part}`, 'x'.repeat(length)])),
});

/** With everything that each contestant stores besides, an item of less than 1 KB. */
export const ONE_KB: SessionData = withParts(1, 450);

/** 8,192 bytes of values in seventeen keys. */
export const EIGHT_KB: SessionData = withParts(16, 512);
