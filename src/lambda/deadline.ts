/** What is used of Lambda's context. */
export interface LambdaContext {
  /** How long the invocation may still take. Without it, a call to the store ends by its own time limit only. */
  getRemainingTimeInMillis?(): number;
}

/** Left for the response, once the store has been given up on. */
const RESERVE_MS = 250;

/** When a request must have its answers from the store, so that the response still leaves before its Lambda is stopped. */
export function deadlineOf(context: LambdaContext | undefined): { readonly deadline?: number } {
  const remaining = context?.getRemainingTimeInMillis?.();
  return remaining === undefined ? {} : { deadline: Date.now() + remaining - RESERVE_MS };
}
