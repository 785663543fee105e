/** A promise that a history breaks. */
export interface Violation {
  readonly promise: number;
  readonly text: string;
}
