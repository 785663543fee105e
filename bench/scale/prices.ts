/** What Amazon asks, on demand, in us-east-1, in November 2026, for the table class Standard. In dollars. */
export const PRICES = {
  millionReads: 0.125,
  millionWrites: 0.625,
  gigabyteMonth: 0.25,
} as const;
