import type { Prelude } from '../unit/lambda/runtime.js';
import type { FunctionError, Outcome } from './runtime-api.js';

const CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER = Buffer.alloc(8);

/** What the service in front of the function makes of a streamed response. Throws where it would answer with a 502. */
export function preludeOf(outcome: Outcome): { prelude: Prelude; body: string; error: FunctionError | undefined } {
  if (outcome.kind !== 'stream' || outcome.contentType !== CONTENT_TYPE)
    throw new Error(`Expected a stream with a prelude: ${JSON.stringify(outcome)}`);
  const end = outcome.bytes.indexOf(DELIMITER);
  if (end === -1) throw new Error('The prelude has no end.');
  return {
    prelude: JSON.parse(outcome.bytes.subarray(0, end).toString()) as Prelude,
    body: outcome.bytes.subarray(end + DELIMITER.length).toString(),
    error: outcome.error,
  };
}
