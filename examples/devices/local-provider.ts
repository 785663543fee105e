/**
 * An OpenID provider on this machine, for `npm start`: anybody signs in by a name, as in the demo itself. Everything
 * else is that of a real one. It keeps what it knows in RAM, its keys included.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Configuration, JWKS } from 'oidc-provider';
import { Html, html } from './html.js';
import { style } from './page-style.js';

export interface LocalProvider {
  readonly answer: RequestListener;
  /** By which the demo's handler finds it. */
  readonly environment: Readonly<Record<'ISSUER' | 'CLIENT_ID' | 'CLIENT_SECRET', string>>;
}

/**
 * @param issuer where the provider is, such as `http://127.0.0.1:4000`
 * @param origin where the demo is
 */
export async function createLocalProvider(issuer: string, origin: string): Promise<LocalProvider> {
  const environment = { ISSUER: issuer, CLIENT_ID: 'devices', CLIENT_SECRET: randomUUID() };
  const provider = await withoutWarnings(async () => {
    const { Provider } = await import('oidc-provider');
    return new Provider(issuer, {
      ...CONFIGURATION,
      clients: [
        {
          client_id: environment.CLIENT_ID,
          client_secret: environment.CLIENT_SECRET,
          token_endpoint_auth_method: 'client_secret_post',
          id_token_signed_response_alg: 'ES256',
          redirect_uris: [`${origin}/callback`],
          post_logout_redirect_uris: [`${origin}/`],
          backchannel_logout_uri: `${origin}/back-channel-logout`,
          backchannel_logout_session_required: true,
        },
      ],
      jwks: newKeys(),
      cookies: { keys: [randomUUID()] },
    });
  });
  provider.use(async (context, next) => {
    if (!context.path.startsWith('/sign-in/')) return next();
    const { req, res } = context;
    const name = new URLSearchParams(await text(req)).get('name')?.trim() ?? '';
    if (name === '' || name.length > 64) context.body = SIGN_IN;
    else context.redirect(await provider.interactionResult(req, res, { login: { accountId: name } }));
  });
  const answer = provider.callback();
  return { answer: (request, response) => void answer(request, response), environment };
}

/** It warns of a store in RAM and of an old Node.js: both are meant. */
async function withoutWarnings<Result>(act: () => Promise<Result>): Promise<Result> {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await act();
  } finally {
    console.warn = warn;
  }
}

function newKeys(): JWKS {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] } as JWKS;
}

const page = (title: string, content: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title}</title>
      <link rel="icon" href="data:," />
      ${new Html(`<style>${style}</style>`)}
      <header class="top"><h1>${title}</h1></header>
      <main class="all"><section class="card">${content}</section></main>
    </html> `.text;

const SIGN_IN = page(
  'Sign in at the provider',
  html`<form method="post" class="stack">
    <div class="row ends">
      <label class="field grow">
        Name
        <input type="text" name="name" required maxlength="64" autocomplete="username" placeholder="ada" />
      </label>
      <button>Continue</button>
    </div>
    <p class="dim">Any name will do here, too. The provider knows this browser until you log out here.</p>
  </form>`,
);

const logOut = (account: string | undefined, form: string): string =>
  page(
    'Log out at the provider',
    html`<p>You are signed in here as <strong>${account}</strong>.</p>
      <p class="dim">The provider tells every application that you have signed in to by this browser.</p>
      ${new Html(form)}
      <div class="row"><button form="op.logoutForm" name="logout" value="yes">Log out</button></div>`,
  );

const CONFIGURATION: Configuration = {
  interactions: { url: (_context, { uid }) => `/sign-in/${uid}` },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  // Nobody is asked whether the demo may know the name.
  async loadExistingGrant({ oidc: { client, session, provider } }) {
    const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      logoutSource(context, form) {
        context.body = logOut(context.oidc.session?.accountId, form);
      },
    },
  },
  ttl: { AccessToken: 60, Grant: 86_400, IdToken: 60, Interaction: 3_600, Session: 86_400 },
  // Otherwise it sends nothing to an address of this machine.
  fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as object),
};
