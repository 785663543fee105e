import type { AllResults } from '../results.js';

/** Where and when it was measured. */
export function surroundingsLine({ surroundings: { node, processors, date } }: AllResults): string {
  return `Measured on ${date} with Node.js ${node} and Amazon DynamoDB Local on ${processors} processors, which they share.`;
}
