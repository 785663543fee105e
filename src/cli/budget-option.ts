import { type Command, InvalidArgumentError } from 'commander';
import { MOST_READ_UNITS } from '../cleanup/options.js';

export interface BudgetOptions {
  readonly readBudget?: number;
}

/** `--read-budget`, for commands that read the whole table. */
export function addReadBudget<C extends Command>(command: C): C {
  return command.option('--read-budget <units>', 'stop after about this many read units', readUnits);
}

function readUnits(text: string): number {
  const units = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (units >= 1 && units <= MOST_READ_UNITS) return units;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST_READ_UNITS}.`);
}
