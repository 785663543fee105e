import type { DeviceRequest } from '../core/device-binding.js';

/**
 * What a browser is to do with a session: for all requests to this origin, see that it has the cookie, and ask for
 * another where it has none.
 *
 * @see https://w3c.github.io/webappsec-dbsc/#format-session-instructions
 */
export function instructions(
  id: string,
  refreshUrl: string,
  { name, attributes }: DeviceRequest['cookie'],
): Readonly<Record<string, unknown>> {
  return {
    session_identifier: id,
    refresh_url: refreshUrl,
    scope: { include_site: false, scope_specification: [] },
    credentials: [{ type: 'cookie', name, attributes }],
    allowed_refresh_initiators: ['*'],
  };
}
