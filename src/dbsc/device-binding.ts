import type { Binding, DeviceBinding } from '../core/device-binding.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { hashOf, mintChallenge, textOf } from './challenge.js';
import { checkDevice } from './check-device.js';
import { answerRefresh, answerRegistration, METHOD_NOT_ALLOWED } from './endpoints.js';
import { type DeviceBindingOptions, resolveBindingOptions } from './options.js';

/**
 * Binds sessions to the devices of their users, with Device Bound Session Credentials: give it to `Sessions`.
 *
 * The response to a login invites the browser to make a key that does not leave the device. From then on the session is
 * good only together with a second, short-lived cookie, which only that key can renew. A browser that knows nothing of
 * this goes on with an unbound session: `session.bound` tells, and `session.requireBound()` insists.
 *
 * @throws {@link ConfigurationError} for options that cannot work
 * @see https://w3c.github.io/webappsec-dbsc/
 * @example
 * ```ts
 * const sessions = new Sessions({
 *   persistence: new DynamoDBPersistenceLayer(),
 *   deviceBinding: deviceBinding({ required: (user) => user.roles?.includes('admin') === true }),
 * });
 * ```
 */
export function deviceBinding<User extends SessionUser = SessionUser>(
  options: DeviceBindingOptions<User> = {},
): DeviceBinding<User> {
  const resolved = resolveBindingOptions(options);
  const { path } = resolved;
  const register = `${path}/register`;
  const refresh = `${path}/refresh`;

  return {
    invite(id) {
      const challenge = textOf(mintChallenge());
      return {
        binding: { ...UNBOUND, deviceChallenge: hashOf(challenge) },
        headers: {
          'secure-session-registration': `(ES256 RS256);path="${register}";challenge="${challenge}";authorization="${id}"`,
        },
      };
    },

    check: (...asked) => checkDevice(resolved, ...asked),

    async answer(request, find) {
      // What is in front of the application may put something before the path, such as a stage.
      const registers = request.path.endsWith(register);
      if (!registers && !request.path.endsWith(refresh)) return undefined;
      if (request.method !== 'POST') return METHOD_NOT_ALLOWED;
      return (registers ? answerRegistration : answerRefresh)(resolved, request, find);
    },
  };
}

const UNBOUND: Binding = {
  deviceKey: undefined,
  deviceChallenge: undefined,
  boundHash: undefined,
  boundUntil: undefined,
  previousBoundHash: undefined,
  previousBoundUntil: undefined,
};
