/** The command as typed makes no sense, or lacks what it needs. Its message is one line for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
