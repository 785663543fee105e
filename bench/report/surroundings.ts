import type { AllResults } from '../results.js';

/** Whether others worked on the machine meanwhile. */
export const wasBusy = ({ surroundings: { processors, load } }: AllResults): boolean => load > 2 * processors;

/** Where and when it was measured. */
export function surroundingsLine(results: AllResults): string {
  const { node, processors, date, load } = results.surroundings;
  const line = `Measured on ${date} with Node.js ${node} and Amazon DynamoDB Local on ${processors} processors, which they share.`;
  if (!wasBusy(results)) return line;
  return `${line} **The machine was not quiet**: ${load} processes ran at once. So milliseconds are too many, and ratios vary more than they would otherwise.`;
}
