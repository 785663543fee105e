import type { Command } from 'commander';
import type { ConnectionOptions } from './connection.js';
import type { ExitCode } from './exit-code.js';

/** The options that every command has. */
export interface CommonOptions extends ConnectionOptions {
  readonly json?: boolean;
}

/** What a command does with its operands and options, and what the shell is told then. */
export type Action<Options> = (options: CommonOptions & Options, ...operands: string[]) => Promise<ExitCode>;

/** Fits an action to the parser, which hands over the operands, the command's own options, and the command. */
export function running<Options>(action: Action<Options>): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    process.exitCode = await action(command.optsWithGlobals(), ...command.args);
  };
}
