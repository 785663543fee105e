import type { Command } from 'commander';
import { MOST_READ_UNITS } from '../cleanup/options.js';
import { wholeNumber } from './whole-number.js';

export interface BudgetOptions {
  readonly readBudget?: number;
}

/** `--read-budget`, for commands that read the whole table. */
export function addReadBudget<C extends Command>(command: C): C {
  const units = wholeNumber(1, MOST_READ_UNITS);
  return command.option('--read-budget <units>', 'stop after about this many read units', units);
}
