import { type Command, Option } from 'commander';
import { parseUserKey, type UserId } from '../core/user-id.js';
import { printable } from './printable.js';
import { UsageError } from './usage-error.js';

/** The types that a user ID can have; `42` and `"42"` are two users. */
const TYPES = ['string', 'number', 'bigint'] as const;

export interface UserOptions {
  readonly as: (typeof TYPES)[number];
}

export interface NamedUser extends UserOptions {
  readonly user?: string;
}

/** `--as`, for commands that name a user. */
export function addUserType<C extends Command>(command: C): C {
  const option = new Option('--as <type>', 'the type of user IDs in your application: 42 and "42" are two users');
  return command.addOption(option.choices(TYPES).default('string'));
}

/** `--user` besides, for commands that are about one user and take nothing else. */
export function addUser<C extends Command>(command: C): C {
  return addUserType(command).option('--user <id>', 'the user ID (required)');
}

/** @throws {@link UsageError} if no user is named; the parser would complain of that before it finds `--usr` */
export function readUser(options: NamedUser): UserId {
  if (options.user === undefined) throw new UsageError('Whose sessions? Give --user <id>.');
  return readUserId(options.user, options);
}

/** @throws {@link UsageError} if the text is not an ID of that type: what is typed is what is looked for */
export function readUserId(text: string, { as }: UserOptions): UserId {
  const userId = parseUserKey(`${as[0]}:${text}`);
  if (userId !== undefined) return userId;
  throw new UsageError(
    as === 'string' ? 'The user ID is empty.' : `The user ID is not a ${as} as JavaScript writes it.`,
  );
}

/** The ID as JavaScript writes it, so that its type shows: `"user-1"`, `42`, `42n`. */
export function sayUser(userId: UserId): string {
  if (typeof userId === 'string') return printable(JSON.stringify(userId));
  return typeof userId === 'number' ? String(userId) : `${userId}n`;
}

/** What to think of when nothing was found of a user: the type may be another. */
export function typeHint(userId: UserId): string {
  return typeof userId === 'string' && /^-?\d+$/.test(userId)
    ? ` If your application's user IDs are numbers, add --as number.`
    : '';
}
