import { isSessionId, parseToken } from '../core/token.js';
import { UsageError } from './usage-error.js';

/** @throws {@link UsageError} that does not repeat what was typed: it may be a secret */
export function readSessionId(text: string): string {
  if (isSessionId(text)) return text;
  throw new UsageError(
    parseToken(text) === undefined
      ? 'That is not a session ID: expected the 22 characters that list prints.'
      : 'That is a whole token. Its second half is a secret: give only the part before the dot.',
  );
}
