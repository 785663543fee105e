import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addUserPool } from '../../examples/cognito/user-pool.js';
import { newApp } from '../cdk/synth.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { stubEnvironment } from './environment.js';
import { type LocalProvider, startProvider } from './provider.js';
import { type Handler, Visitor } from './visitor.js';

const ORIGIN = 'https://shop.example.com';

// The handler of the recipe for OpenID Connect, with a provider that is as Cognito's documentation describes a user pool.
describe.each(engines())('the recipe for Cognito, on $name', (engine) => {
  let table: TestTable;
  let pool: LocalProvider;
  let handler: Handler;

  beforeAll(async () => {
    // What the provider says about its defaults would hide other output.
    vi.spyOn(console, 'info').mockImplementation(() => {});
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    table = await createTestTable(engine);
    pool = await startProvider(ORIGIN, {
      path: '/eu-central-1_Example',
      client: { require_auth_time: true },
      configuration: {
        routes: { authorization: '/oauth2/authorize', token: '/oauth2/token', end_session: '/logout' },
      },
      async middleware(context, next) {
        const { client_id, logout_uri, max_age: _, ...others } = context.query;
        if (context.path === '/oauth2/authorize') context.query = { client_id, ...others };
        if (context.path === '/logout') {
          if (client_id === undefined || logout_uri === undefined) return context.throw(400);
          context.query = { client_id, post_logout_redirect_uri: logout_uri };
        }
        await next();
      },
    });
    stubEnvironment(engine, table, pool.environment);
    ({ handler } = await import('../../examples/openid-connect/handler.js'));
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await pool?.[Symbol.asyncDispose]();
    await table?.drop();
  });

  const signedIn = async (login: string): Promise<Visitor> => {
    const visitor = new Visitor(ORIGIN, handler);
    await visitor.go('/login', { login, password: 'any' });
    return visitor;
  };

  it('signs in', async () => {
    expect((await (await signedIn('ann')).send('/')).body).toContain('Hello ann.');
  });

  it('opens a page that wants a recent proof after a login, and later after prompt=login', async () => {
    const visitor = await signedIn('ann');
    expect((await visitor.send('/payout')).status).toBe(200); // a user pool always says when somebody signed in
    const { now } = Date;
    const time = vi.spyOn(Date, 'now').mockImplementation(() => now() + 301_000);
    try {
      expect((await visitor.send('/payout')).status).toBe(303);
      await visitor.go('/login', {}); // the user pool knows the browser, and asks nothing
      expect((await visitor.send('/payout')).status).toBe(303);
      expect(await visitor.go('/payout', { login: 'ann', password: 'any' })).toMatchObject({ status: 200 });
    } finally {
      time.mockRestore();
    }
  });

  it('signs out here and at the user pool, which leads back by logout_uri', async () => {
    const visitor = await signedIn('ann');
    const { location } = await visitor.send('/logout', {});
    expect(visitor.token).toBeUndefined();
    expect(await visitor.go(location as string)).toMatchObject({ url: `${ORIGIN}/`, status: 200 });
    await visitor.go('/login', { login: 'bob', password: 'any' });
    expect((await visitor.send('/')).body).toContain('Hello bob.');
  });
});

describe('the user pool of the recipe for Cognito', () => {
  it('sends the browser back to the application alone, and the handler finds it in its environment', () => {
    const stack = new Stack(newApp(), 'Shop');
    const code = Code.fromInline('exports.handler = () => {};');
    const handler = new Function(stack, 'Handler', { code, handler: 'index.handler', runtime: Runtime.NODEJS_24_X });
    addUserPool(stack, { handler, origin: ORIGIN, domainPrefix: 'shop' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid'],
      CallbackURLs: [`${ORIGIN}/callback`],
      LogoutURLs: [`${ORIGIN}/`],
      GenerateSecret: true,
    });
    template.hasResourceProperties('AWS::Cognito::UserPoolDomain', { Domain: 'shop', ManagedLoginVersion: 2 });
    template.resourceCountIs('AWS::Cognito::ManagedLoginBranding', 1);
    const [[poolId], [clientId]] = ['UserPool', 'UserPoolClient'].map((type) =>
      Object.keys(template.findResources(`AWS::Cognito::${type}`)),
    ) as [[string], [string]];
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          ISSUER: { 'Fn::GetAtt': [poolId, 'ProviderURL'] },
          CLIENT_ID: { Ref: clientId },
          CLIENT_SECRET: { 'Fn::GetAtt': [Match.anyValue(), 'UserPoolClient.ClientSecret'] },
          ORIGIN,
        },
      },
    });
  });
});
