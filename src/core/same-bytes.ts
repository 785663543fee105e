/** Whether two byte arrays are equal; nothing is equal to none. Not for secrets: see `sameHash`. */
export const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;
