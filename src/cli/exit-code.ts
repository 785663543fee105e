/** What the shell is told. The same table is in the command's help and in docs/guides/cli.md. */
export const EXIT = {
  done: 0,
  /**
   * No live session was found to list, show or revoke, or nothing to export; or the work was not finished: the budget was
   * used up, another cleanup is running, sessions began while their user was erased, the answer was no.
   */
  notAll: 1,
  /** The command was not understood, or lacks what it needs: a table, a region, dev's engine. Nothing was sent. */
  usage: 2,
  /** DynamoDB failed or refused, or the table does not fit. */
  store: 3,
  /** A bug in this command. */
  defect: 4,
  /** Interrupted by Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
