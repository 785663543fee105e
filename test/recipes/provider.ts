import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider';

type Middleware = (context: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

/** What can be set of the provider; the rest is as the provider has it by default. */
export interface ProviderOptions {
  /** Where the issuer is on its host. @defaultValue `''` */
  readonly path?: string;
  readonly client?: Partial<ClientMetadata>;
  readonly configuration?: Configuration;
  /** Comes before the provider's own. */
  readonly middleware?: Middleware;
  /** @defaultValue a free one */
  readonly port?: number;
}

/** An OpenID Connect provider on this machine, and the environment by which an application finds it. */
export interface LocalProvider extends AsyncDisposable {
  readonly environment: Readonly<Record<'ISSUER' | 'CLIENT_ID' | 'CLIENT_SECRET' | 'ORIGIN', string>>;
}

/** Starts a provider at which anybody signs in by a name and any password, for the application at `origin`. */
export async function startProvider(
  origin: string,
  {
    path = '',
    client = {},
    configuration = {},
    middleware = (_context, next) => next(),
    port = 0,
  }: ProviderOptions = {},
): Promise<LocalProvider> {
  const { Provider } = await import('oidc-provider'); // it prints a warning when it is loaded on Node 20
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const environment = {
    ISSUER: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    CLIENT_ID: 'shop',
    CLIENT_SECRET: 'what only the shop and its provider know',
    ORIGIN: origin,
  };
  const provider = new Provider(environment.ISSUER, {
    clients: [
      {
        client_id: environment.CLIENT_ID,
        client_secret: environment.CLIENT_SECRET,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [`${origin}/callback`],
        post_logout_redirect_uris: [`${origin}/`],
        ...client,
      },
    ],
    cookies: { keys: ['a key of this test'] },
    ...configuration,
  });
  provider.use(middleware as never);
  const answer = provider.callback();
  server.on('request', (request: IncomingMessage & { originalUrl?: string }, response) => {
    const { url = '' } = request;
    Object.assign(request, { originalUrl: url, url: url.startsWith(path) ? url.slice(path.length) : url });
    void answer(request, response);
  });
  return {
    environment,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
