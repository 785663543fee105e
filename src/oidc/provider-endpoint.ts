import { UNAVAILABLE } from '../cookies/index.js';
import { NotStorableError, StoreUnavailableError } from '../core/errors.js';
import { GuardedLayer } from '../core/guarded-layer.js';
import { expectFunctions } from '../core/option-checks.js';
import type { ResolvedOptions } from '../core/options.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { deadlineOf, type LambdaContext } from '../lambda/deadline.js';
import { at, text } from '../lambda/event-source.js';
import type { HttpApiEvent } from '../lambda/http-api.js';
import { type LambdaEvent, type ResultOf, sourceOf } from '../lambda/sources.js';
import { InvalidMessageError, ProviderUnavailableError } from './message-errors.js';

/** A request as any server has it. */
export interface ProviderRequest {
  readonly method: string;
  /** The header Content-Type. */
  readonly contentType: string | undefined;
  /** The header Authorization: for {@link SecurityEventsOptions.authorization}. */
  readonly authorization?: string | undefined;
  /** As it came: not parsed. */
  readonly body: string | Uint8Array | undefined;
  /** When the answer must be there, in milliseconds since the epoch. @defaultValue each call has its own time limit */
  readonly deadline?: number | undefined;
}

/** The answer to a {@link ProviderRequest}. */
export interface ProviderAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an endpoint makes of requests, apart from how they come. */
export interface Messages<User extends SessionUser> {
  readonly contentType: string;
  /** Throws if the sender is not who may send messages. */
  authorize?(authorization: string | undefined): void;
  /** Does what a message says; told the same again, it does no more. */
  handle(body: string, layer: GuardedLayer<User>): Promise<void>;
  readonly accepted: ProviderAnswer;
  refused(error: InvalidMessageError): ProviderAnswer;
}

/** Bytes; a token has about a thousand. */
const LONGEST_BODY = 65_536;

/**
 * Where an identity provider sends its messages. All functions are bound: hand them over as they are.
 *
 * Nothing that is sent makes them throw. If the store, or the provider's keys, cannot be reached, the answer is a 503, so
 * that a provider which tries again succeeds.
 */
export class ProviderEndpoint<User extends SessionUser = SessionUser> {
  readonly #options: ResolvedOptions<User>;
  readonly #messages: Messages<User>;

  /** @internal Use `backChannelLogout` or `securityEvents`. */
  constructor(options: ResolvedOptions<User>, messages: Messages<User>) {
    expectFunctions('persistence', options.persistence, ['loadMarks', 'raiseUserMark', 'endLogin']);
    this.#options = options;
    this.#messages = messages;
  }

  /** For whatever speaks `Request` and `Response`. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const { method, headers } = request;
    const body = await bodyOf(request);
    const answer = await this.answer({
      method,
      contentType: headers.get('content-type') ?? undefined,
      authorization: headers.get('authorization') ?? undefined,
      body,
    });
    return new Response(answer.body, { status: answer.statusCode, headers: answer.headers });
  };

  /** A Lambda handler, for every event source that has methods and headers. */
  readonly lambda = async <Event extends LambdaEvent = HttpApiEvent>(
    event: Event,
    context?: LambdaContext,
  ): Promise<ResultOf<Event>> => {
    const source = sourceOf(event);
    const encoded = text(at(event, 'body'));
    const isEncoded = at(event, 'isBase64Encoded') === true && encoded !== undefined;
    const { statusCode, headers, body } = await this.answer({
      method: source.method(event),
      contentType: source.header(event, 'content-type'),
      authorization: source.header(event, 'authorization'),
      body: isEncoded ? Buffer.from(encoded, 'base64') : encoded,
      ...deadlineOf(context),
    });
    return source.answer(event, statusCode, headers, body) as ResultOf<Event>;
  };

  /** For any other server: give it what came, and send what it returns. */
  readonly answer = async (request: ProviderRequest): Promise<ProviderAnswer> => {
    const { method, contentType, authorization, body, deadline } = request;
    if (method !== 'POST') return METHOD_NOT_ALLOWED;
    const layer = new GuardedLayer(this.#options, deadline);
    const { contentType: expected, accepted } = this.#messages;
    try {
      this.#messages.authorize?.(authorization);
      if (contentType?.split(';')[0]?.trim().toLowerCase() !== expected)
        throw new InvalidMessageError(`The body is not of the type ${expected}.`);
      if (body === undefined || Buffer.byteLength(body) > LONGEST_BODY)
        throw new InvalidMessageError('The body is missing, or too long.');
      await this.#messages.handle(typeof body === 'string' ? body : new TextDecoder().decode(body), layer);
      return accepted;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return UNAVAILABLE; // it has been told of
      const unavailable = error instanceof ProviderUnavailableError;
      // Nobody has such a user ID.
      const refusal = error instanceof NotStorableError ? new InvalidMessageError(error.message) : error;
      if (!unavailable && !(refusal instanceof InvalidMessageError)) throw error;
      layer.emit({ type: 'provider-logout-refused', error: refusal as Error });
      return unavailable ? UNAVAILABLE : this.#messages.refused(refusal as InvalidMessageError);
    }
  };
}

const METHOD_NOT_ALLOWED: ProviderAnswer = {
  statusCode: 405,
  headers: { allow: 'POST', 'cache-control': 'no-store' },
  body: '',
};

/** The body, no further than it may go: of a longer one just so much that it is known for one. */
async function bodyOf(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LONGEST_BODY) break;
  }
  return Buffer.concat(chunks);
}
