import { ConfigurationError } from '../core/errors.js';
import { CLEANUP_ENVIRONMENT, TABLE_ENVIRONMENT } from '../table-schema.js';
import { type CleanupOptions, MOST_READ_UNITS, MOST_SEGMENTS } from './options.js';

/** What the cleanup function is told by its environment. */
export interface CleanupSettings extends Pick<CleanupOptions, 'tableName' | 'segments' | 'readBudget' | 'dryRun'> {
  readonly region?: string;
}

/** @throws {@link ConfigurationError} that names the variable which is missing or makes no sense */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): CleanupSettings {
  const tableName = environment[TABLE_ENVIRONMENT.tableName];
  if (!tableName) throw unexpected(TABLE_ENVIRONMENT.tableName, 'the name of the table');
  const region = environment[TABLE_ENVIRONMENT.region];
  const segments = wholeNumber(environment, CLEANUP_ENVIRONMENT.segments, MOST_SEGMENTS);
  const readBudget = wholeNumber(environment, CLEANUP_ENVIRONMENT.readBudget, MOST_READ_UNITS);
  const dryRun = environment[CLEANUP_ENVIRONMENT.dryRun];
  if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false') {
    throw unexpected(CLEANUP_ENVIRONMENT.dryRun, 'true or false');
  }
  return {
    tableName,
    ...(region && { region }),
    ...(segments !== undefined && { segments }),
    ...(readBudget !== undefined && { readBudget }),
    dryRun: dryRun === 'true',
  };
}

function wholeNumber(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
  most: number,
): number | undefined {
  const text = environment[variable];
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw unexpected(variable, `a whole number from 1 to ${most}`);
  return value;
}

const unexpected = (variable: string, expected: string): ConfigurationError =>
  new ConfigurationError(`The environment variable ${variable} is missing or wrong; expected ${expected}.`);
