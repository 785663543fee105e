/** Mutants that no test can notice, and why. One that a test does notice, or that is no more, is an error. */
export const explained = [];
