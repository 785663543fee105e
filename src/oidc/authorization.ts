import { ConfigurationError } from '../core/errors.js';
import { hashSecret, sameHash, type Secret, type SecretHash } from '../core/token.js';
import { InvalidMessageError } from './message-errors.js';

/**
 * A check of the header Authorization, which must be one of these values. How long it takes says nothing about them.
 *
 * @throws {@link ConfigurationError} for what is no value of a header
 */
export function authorizationCheck(expected: string | readonly string[]): (authorization: string | undefined) => void {
  const values = [expected].flat();
  if (
    values.length === 0 ||
    values.some((value) => typeof value !== 'string' || value === '' || value !== value.trim())
  )
    throw new ConfigurationError(
      'Option authorization cannot be used; expected the value of a header, such as "Bearer …", or several.',
    );
  const hashes = values.map(hashOf);
  return (authorization = '') => {
    const presented = hashOf(authorization);
    if (!hashes.some((hash) => sameHash(hash, presented)))
      throw new InvalidMessageError('The header Authorization is not as agreed.', 'authentication_failed');
  };
}

const hashOf = (value: string): SecretHash => hashSecret(Buffer.from(value) as Uint8Array as Secret);
