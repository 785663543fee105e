/** For a CDK stack: a Cognito user pool at which a handler's users sign in. */
import { CfnManagedLoginBranding, ManagedLoginVersion, OAuthScope, UserPool } from 'aws-cdk-lib/aws-cognito';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

export interface UserPoolProps {
  readonly handler: Function;
  /** Where the application is, such as `https://shop.example.com`. */
  readonly origin: string;
  /** The pages to sign in at are at `https://<domainPrefix>.auth.<region>.amazoncognito.com`. */
  readonly domainPrefix: string;
}

export function addUserPool(scope: Construct, { handler, origin, domainPrefix }: UserPoolProps): UserPool {
  const pool = new UserPool(scope, 'Users', { signInAliases: { email: true }, selfSignUpEnabled: true });
  pool.addDomain('Domain', {
    cognitoDomain: { domainPrefix },
    managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
  });
  const client = pool.addClient('Client', {
    generateSecret: true,
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: [OAuthScope.OPENID],
      callbackUrls: [`${origin}/callback`],
      logoutUrls: [`${origin}/`],
    },
  });
  new CfnManagedLoginBranding(scope, 'Branding', {
    userPoolId: pool.userPoolId,
    clientId: client.userPoolClientId,
    useCognitoProvidedValues: true,
  });
  handler.addEnvironment('ISSUER', pool.userPoolProviderUrl);
  handler.addEnvironment('CLIENT_ID', client.userPoolClientId);
  handler.addEnvironment('CLIENT_SECRET', client.userPoolClientSecret.unsafeUnwrap());
  handler.addEnvironment('ORIGIN', origin);
  return pool;
}
