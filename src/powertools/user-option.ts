import { expectOptions } from '../core/option-checks.js';

/** Whether users are named. */
export interface UserOption {
  /**
   * Whether the ID of the event's user is told. It may be personal data, and then is kept for as long as logs and traces
   * are.
   * @defaultValue false
   */
  readonly userId?: boolean;
}

/** @throws {@link ConfigurationError} */
export function namesUser(options: UserOption): boolean {
  expectOptions(options, { userId: 'a boolean' });
  return options.userId ?? false;
}
