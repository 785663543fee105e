import { canonical, type Client } from '../core/client.js';

/** What express-session leaves in a session of the request that it belongs to. */
interface WithRequest {
  readonly req?: { readonly ip?: unknown; readonly headers?: Readonly<Record<string, unknown>> };
}

/** The client of an Express request, with the address that `trust proxy` makes of it. Of other frameworks': nothing. */
export function clientOf(session: object): Client {
  const { req } = session as WithRequest;
  return canonical({ address: text(req?.ip), userAgent: text(req?.headers?.['user-agent']) });
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
