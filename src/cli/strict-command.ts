import { Command } from 'commander';
import { isSessionId, parseToken } from '../core/token.js';

/**
 * A command that takes no option for another's value, and no session ID for an option. One ID in 64 begins with a
 * dash; an option without its value would swallow the next option, and so act on something that nobody named.
 */
export class StrictCommand extends Command {
  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name);
  }

  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const isId = (arg: string): boolean => arg.startsWith('-') && (isSessionId(arg) || parseToken(arg) !== undefined);
    const ids = args.filter(isId);
    const others = args.filter((arg) => !isId(arg));
    this.#refuseSwallowing(others);
    const { operands, unknown } = super.parseOptions(others);
    return { operands: [...operands, ...ids], unknown };
  }

  /** The program takes its own options out before a command sees the rest: so it looks at theirs as well. */
  #refuseSwallowing(args: readonly string[]): void {
    const named = this.commands.filter((command) => args.includes(command.name()));
    const options = [this, ...named].flatMap((command) => command.options);
    for (const [index, arg] of args.entries()) {
      if (arg === '--') return;
      const option = options.find(({ long, required }) => required && long === arg);
      if (option === undefined || !args[index + 1]?.startsWith('-')) continue;
      this.error(
        `error: option '${option.flags}' argument missing (if the value begins with a dash, write ${arg}=-…)`,
        { code: 'commander.optionMissingArgument' },
      );
    }
  }
}
