/** By which of RFC 8935's codes a message is refused. */
export type RefusalCode =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed';

/** A message that is none of the provider's, or not for us. What it says may be told to whoever has sent it. */
export class InvalidMessageError extends Error {
  override readonly name = 'InvalidMessageError';
  readonly code: RefusalCode;

  constructor(message: string, code: RefusalCode = 'invalid_request') {
    super(message);
    this.code = code;
  }
}

/** Whether a message is the provider's cannot be told at the moment. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError';
}
