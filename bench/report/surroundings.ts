import type { AllResults } from '../results.js';

/** Where and when it was measured. */
export function surroundingsLine({ surroundings: { node, processors, date, load } }: AllResults): string {
  const line = `Measured on ${date} with Node.js ${node} and Amazon DynamoDB Local on ${processors} processors, which they share.`;
  if (load <= 2 * processors) return line;
  return `${line} **The machine was not quiet**: ${load} processes ran at once. So milliseconds are too many, and ratios vary more than they would otherwise.`;
}
