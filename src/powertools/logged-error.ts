/** What of an error's own attributes is of use and holds nothing of a session. */
const ATTRIBUTES = ['code', 'retryable', '$fault', '$metadata'];

/** Causes deeper than this are left out; one that is its own cause ends here, too. */
const DEEPEST = 5;

/**
 * A copy of an error, with its causes, for a logger that prints whatever an error carries: DynamoDB's refusal of a
 * write may carry the item, and with it the session's data.
 */
export function loggedError(error: Error, depth = 0): Error {
  const { name, message, stack, cause } = error;
  const kept = Object.entries(error).filter(([attribute]) => ATTRIBUTES.includes(attribute));
  const hasCause = cause instanceof Error && depth < DEEPEST;
  const copy = new Error(message, hasCause ? { cause: loggedError(cause, depth + 1) } : {});
  return Object.assign(copy, { name, stack }, Object.fromEntries(kept));
}
