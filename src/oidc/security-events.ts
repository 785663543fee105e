import { expectFunctions, refuseUnknown } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { loginOf } from '../core/provider-login.js';
import type { Sessions } from '../core/sessions.js';
import { authorizationCheck } from './authorization.js';
import { endLogin, endLoginsOf } from './end-logins.js';
import { isObject } from './is-object.js';
import { InvalidMessageError } from './message-errors.js';
import { ProviderEndpoint } from './provider-endpoint.js';
import { type ProviderOptions, TokenVerifier } from './token-verifier.js';

/** A subject as RFC 9493 and the Shared Signals Framework have it: `{ format: 'iss_sub', iss, sub }` and the like. */
export interface EventSubject {
  readonly format?: unknown;
  readonly [member: string]: unknown;
}

/** Who an event is about, in the terms of your application. */
export interface EventTarget<User extends SessionUser = SessionUser> {
  /** The ID by which the user is logged in. */
  readonly userId?: User['id'] | undefined;
  /** The session at the provider, as ID tokens name it: then only what came of it ends. */
  readonly sid?: string | undefined;
}

/** The options of {@link securityEvents}. `audience` is what your stream at the transmitter says. */
export interface SecurityEventsOptions<User extends SessionUser = SessionUser> extends ProviderOptions {
  /** The issuer of the ID tokens by which users log in. @defaultValue `issuer` */
  readonly idTokenIssuer?: string;
  /**
   * The header Authorization that each request must have, such as `Bearer …`; one of several while you change it. Give the
   * transmitter the same value as the stream's `authorization_header`.
   *
   * @defaultValue none is demanded: who has sent an event is told by its signature alone
   */
  readonly authorization?: string | readonly string[];
  /**
   * Who a subject is; `undefined` for somebody whom the application does not know.
   *
   * @defaultValue of `iss_sub` the user with this `sub`; of `opaque` the session with this ID if a session was revoked,
   * and otherwise the user; of a complex subject its `session` and its `user`
   */
  readonly subject?: (
    subject: EventSubject,
    event: string,
  ) => EventTarget<User> | undefined | Promise<EventTarget<User> | undefined>;
}

const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const ACCOUNT_DISABLED = 'https://schemas.openid.net/secevent/risc/event-type/account-disabled';
const ACCOUNT_PURGED = 'https://schemas.openid.net/secevent/risc/event-type/account-purged';

/**
 * The endpoint to which a transmitter of the Shared Signals Framework pushes its events (RFC 8935). CAEP's
 * `session-revoked` ends the sessions of one login, or all of the user's if it names no session; RISC's
 * `account-disabled` and `account-purged` end all of the user's. All other events are acknowledged, and nothing is done.
 *
 * The answer is a 202 once it is done, a 400 for what is no event of this transmitter for you, and a 503 if the store or
 * the transmitter's keys cannot be reached. The same event again ends nothing more, and is a 202 as well.
 *
 * Needs the package `jose`.
 *
 * @throws {@link ConfigurationError} for options that cannot work, or a persistence layer without marks
 * @example
 * ```ts
 * const events = securityEvents(sessions, {
 *   issuer: 'https://example.okta.com',
 *   audience: 'https://shop.example.com/events',
 * });
 *
 * export const handler = events.lambda; // or events.fetch
 * ```
 */
export function securityEvents<Data extends object, User extends SessionUser>(
  sessions: Sessions<Data, User>,
  options: SecurityEventsOptions<NoInfer<User>>,
): ProviderEndpoint<User> {
  refuseUnknown('', options, [
    'issuer',
    'audience',
    'jwksUri',
    'algorithms',
    'idTokenIssuer',
    'authorization',
    'subject',
  ]);
  const { issuer, idTokenIssuer = issuer, authorization } = options;
  const { subject = (named, event) => targetOf(named, event, idTokenIssuer) as EventTarget<User> | undefined } =
    options;
  expectFunctions('', { subject }, ['subject']);
  const verifier = new TokenVerifier(options, metadataOf, sessions.options.clock);

  return new ProviderEndpoint(sessions.options, {
    contentType: 'application/secevent+jwt',

    ...(authorization !== undefined && { authorize: authorizationCheck(authorization) }),

    async handle(body, layer) {
      const { iat, events, sub_id: named } = await verifier.verify(body, ['secevent+jwt']);
      if (!isObject(events) || Object.keys(events).length === 0)
        throw new InvalidMessageError('The token has no events.');
      for (const event of [SESSION_REVOKED, ACCOUNT_DISABLED, ACCOUNT_PURGED].filter((name) => name in events)) {
        const payload = events[event];
        // Before its final version, the framework had the subject in the event.
        const about = named ?? (isObject(payload) ? payload['subject'] : undefined);
        if (!isObject(about)) throw new InvalidMessageError('The event has no subject.');
        const { userId, sid } = (await subject(about, event)) ?? {};
        if (event === SESSION_REVOKED && sid !== undefined) await endLogin(layer, loginOf(idTokenIssuer, sid), userId);
        else if (userId !== undefined) await endLoginsOf(layer, userId, iat);
        else layer.emit({ type: 'provider-logout-refused', error: new Error('The subject of an event is not known.') });
      }
    },

    accepted: { statusCode: 202, headers: { 'cache-control': 'no-store' }, body: '' },

    refused: ({ code, message }) => ({
      statusCode: 400,
      headers: { 'content-type': 'application/json', 'content-language': 'en', 'cache-control': 'no-store' },
      body: JSON.stringify({ err: code, description: message }),
    }),
  });
}

/** The well-known name stands before the issuer's path. */
function metadataOf(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/ssf-configuration${pathname.replace(/\/$/, '')}`;
}

/** What Keycloak calls the session of a user whom an administrator has logged out. */
const ALL_SESSIONS = 'ALL';

function targetOf(subject: EventSubject, event: string, issuer: string): EventTarget | undefined {
  const { format, id, user, session } = subject;
  if (format === 'opaque' && event === SESSION_REVOKED) return { sid: textOf(id) };
  if (format !== 'complex' && format !== undefined) return { userId: userOf(subject, issuer) };
  return {
    userId: isObject(user) ? userOf(user, issuer) : undefined,
    sid:
      isObject(session) && session['format'] === 'opaque' && session['id'] !== ALL_SESSIONS
        ? textOf(session['id'])
        : undefined,
  };
}

function userOf({ format, iss, sub, id }: EventSubject, issuer: string): string | undefined {
  if (format === 'opaque') return textOf(id);
  return format === 'iss_sub' && iss === issuer ? textOf(sub) : undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
