import { CommanderError } from 'commander';
import { ConfigurationError, NotStorableError, StoreUnavailableError } from '../core/errors.js';
import { isThrottling } from '../cleanup/backoff.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';
import { TableError } from './table-error.js';
import { UsageError } from './usage-error.js';

/** What went wrong, as one line with what to do, and what the shell is told. */
export interface Failure {
  readonly line?: string;
  readonly exitCode: ExitCode;
}

export function failureOf(error: unknown): Failure {
  // The parser has said it already. Its own code is 0 for --help and --version.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage };
  if (error instanceof UsageError || error instanceof NotStorableError || error instanceof ConfigurationError) {
    return { line: oneLine(error.message), exitCode: EXIT.usage };
  }
  if (error instanceof TableError) return { line: oneLine(error.message), exitCode: EXIT.store };
  const cause = error instanceof StoreUnavailableError ? (error.cause ?? error) : error;
  const advice = adviceFor(error, cause);
  if (advice !== undefined) return { line: advice, exitCode: EXIT.store };
  if (error instanceof StoreUnavailableError || isOfAws(cause)) {
    return { line: `DynamoDB failed: ${messageOf(cause)}`, exitCode: EXIT.store };
  }
  return {
    line: `This is a bug in dynamodb-sessions; please report it: ${messageOf(error)}`,
    exitCode: EXIT.defect,
  };
}

/** What to do, by the name or code of the error. */
const ADVICE: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'There is no such table, or it has no index byUser: check --table, --region and --endpoint.',
  ResourceInUseException:
    'A table with that name already exists. It was not changed. If it is a session table, add --if-not-exists.',
  ValidationException: 'This is not a session table: its keys are not those that SessionStore makes. Check --table.',
  UnrecognizedClientException: 'AWS does not know the credentials: check AWS_PROFILE, and whether the region is yours.',
  InvalidSignatureException: 'AWS does not accept the credentials: check the secret key, and this machine’s clock.',
  ExpiredTokenException: 'The credentials have expired: sign in again, for example with aws sso login.',
  CredentialsProviderError:
    'No credentials were found: set AWS_PROFILE, sign in with aws sso login, or give --endpoint for a local engine.',
  ECONNREFUSED: 'Nothing listens at the endpoint: check --endpoint, and whether the engine runs.',
  ENOTFOUND: 'The endpoint’s host does not exist: check --endpoint, --region and the network.',
  EAI_AGAIN: 'The endpoint’s host could not be looked up: check the network.',
  TimeoutError: 'DynamoDB did not answer in time: check --endpoint and the network, and try again.',
};

function adviceFor(error: unknown, cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (error instanceof StoreUnavailableError && isThrottling(error)) {
    return 'DynamoDB kept throttling: try again later, or raise the table’s throughput limits.';
  }
  if (cause.name === 'AccessDeniedException') return deniedAdvice(cause.message);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return ADVICE[cause.name] ?? ADVICE[code];
}

/** AWS says which action it was; the rest of its message is about accounts. */
function deniedAdvice(message: string): string {
  const action = /\b(?:dynamodb|kms):\w+/.exec(message)?.[0] ?? 'this';
  return `AWS denies you ${action}: SessionStore.grantAdministration gives what this command needs.`;
}

const isOfAws = (error: unknown): boolean => error instanceof Error && '$metadata' in error;

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

/** Nothing that looks like a token is repeated: a token is a secret, wherever it was typed. */
export function oneLine(text: string): string {
  const words = text.replaceAll(/\s+/g, ' ').trim();
  return printable(words).replaceAll(/[\w-]{22}\.[\w-]{32}/g, '(a token)');
}
