import { ConfigurationError } from '../core/errors.js';
import { CLEANUP_ENVIRONMENT, TABLE_ENVIRONMENT } from '../table-schema.js';
import {
  type CleanupOptions,
  LONGEST_GRACE,
  MOST_READ_UNITS,
  MOST_SEGMENTS,
  MOST_WRITES_PER_SECOND,
} from './options.js';

/** What the cleanup function is told by its environment. */
export interface CleanupSettings extends Pick<
  CleanupOptions,
  'tableName' | 'segments' | 'readBudget' | 'grace' | 'writesPerSecond' | 'dryRun'
> {
  readonly region?: string;
}

/** @throws {@link ConfigurationError} that names the variable which is missing or makes no sense */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): CleanupSettings {
  const tableName = environment[TABLE_ENVIRONMENT.tableName];
  if (!tableName) throw unexpected(TABLE_ENVIRONMENT.tableName, 'the name of the table');
  const region = environment[TABLE_ENVIRONMENT.region];
  const segments = wholeNumber(environment, CLEANUP_ENVIRONMENT.segments, 1, MOST_SEGMENTS);
  const readBudget = wholeNumber(environment, CLEANUP_ENVIRONMENT.readBudget, 1, MOST_READ_UNITS);
  const grace = wholeNumber(environment, CLEANUP_ENVIRONMENT.grace, 0, LONGEST_GRACE);
  const writesPerSecond = wholeNumber(environment, CLEANUP_ENVIRONMENT.writesPerSecond, 1, MOST_WRITES_PER_SECOND);
  const dryRun = environment[CLEANUP_ENVIRONMENT.dryRun];
  if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false') {
    throw unexpected(CLEANUP_ENVIRONMENT.dryRun, 'true or false');
  }
  return {
    tableName,
    ...(region && { region }),
    ...(segments !== undefined && { segments }),
    ...(readBudget !== undefined && { readBudget }),
    ...(grace !== undefined && { grace }),
    ...(writesPerSecond !== undefined && { writesPerSecond }),
    dryRun: dryRun === 'true',
  };
}

function wholeNumber(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
  least: number,
  most: number,
): number | undefined {
  const text = environment[variable];
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (value < least || value > most) throw unexpected(variable, `a whole number from ${least} to ${most}`);
  return value;
}

const unexpected = (variable: string, expected: string): ConfigurationError =>
  new ConfigurationError(`The environment variable ${variable} is missing or wrong; expected ${expected}.`);
