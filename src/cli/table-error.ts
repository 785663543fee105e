/** The table is not as this command needs it. Its message is one line for the person who typed the command. */
export class TableError extends Error {
  override readonly name = 'TableError';
}
