/** What the shell is told. The same table is in the command's help and in docs/guides/cli.md. */
export const EXIT = {
  done: 0,
  /**
   * No live session was found to list, show or revoke; or not all was done: the budget was used up, another cleanup is
   * at work, the answer was no.
   */
  notAll: 1,
  /** The command was not understood. Nothing was sent. */
  usage: 2,
  /** DynamoDB did not do what it was asked. */
  store: 3,
  /** A defect of this command. */
  defect: 4,
  /** Interrupted by Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
