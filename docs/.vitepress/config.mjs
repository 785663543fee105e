// The documentation site: npm run docs:site. VitePress builds the pages of docs/ as they are.

const REPOSITORY = 'https://github.com/dynamodb-sessions/dynamodb-sessions';

/** Sources, tests and examples are not pages: links to them go to the repository. */
const toRepository = (md) => {
  const { normalizeLink } = md;
  md.normalizeLink = (url) =>
    /^(?:\.\.\/)+(?:src|test|examples|bench|cdk|README\.md|CONTRIBUTING\.md|SECURITY\.md)/.test(url)
      ? `${REPOSITORY}/blob/main/${url.replace(/^(?:\.\.\/)+/, '')}`
      : normalizeLink(url);
};

const page = (text, link) => ({ text, link });

export default {
  title: 'dynamodb-sessions',
  description: 'HTTP sessions for AWS Lambda, kept in DynamoDB',
  cleanUrls: true,
  srcExclude: ['api/**', 'plots/**'],
  markdown: { config: toRepository },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      page('Get started', '/getting-started'),
      page('Concepts', '/concepts'),
      page('Promises', '/promises'),
      { ...page('API', '/api/index.html'), target: '_self' },
    ],
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    sidebar: [
      {
        text: 'Begin',
        items: [
          page('Get started', '/getting-started'),
          page('Concepts', '/concepts'),
          page('Run, test, bundle', '/guides/local-development'),
          page('Unit tests', '/guides/testing'),
          page('Which one should I use?', '/which-one'),
        ],
      },
      {
        text: 'Your framework',
        items: [
          page('Lambda', '/guides/lambda'),
          page('Hono', '/guides/hono'),
          page('Next.js', '/guides/next'),
          page('SvelteKit', '/guides/sveltekit'),
          page('Astro', '/guides/astro'),
          page('Nuxt', '/guides/nuxt'),
          page('Express', '/guides/express'),
          page('Fastify', '/guides/fastify'),
          page('Koa', '/guides/koa'),
          page('Request and Response', '/guides/fetch'),
          page('Cookie jars', '/guides/jars'),
          page('middy', '/guides/middy'),
          page('Lambda authorizer', '/guides/authorizer'),
        ],
      },
      {
        text: 'Sign users in',
        items: [
          page('Passwords', '/guides/password'),
          page('Passkeys', '/guides/passkeys'),
          page('OpenID Connect', '/guides/openid-connect'),
          page('Amazon Cognito', '/guides/cognito'),
          page('Logout from the provider', '/guides/back-channel-logout'),
          page('Sessions bound to a device', '/guides/device-bound-sessions'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('Promises', '/promises'),
          page('Options', '/options'),
          page('Errors and events', '/errors-and-events'),
          page('Costs', '/costs'),
          page('What is stored', '/storage'),
          page('Without the AWS SDK', '/guides/without-the-sdk'),
          page('Other places to keep sessions', '/guides/persistence-layers'),
        ],
      },
      {
        text: 'Operate',
        items: [
          page('Deploy with CDK', '/guides/deploy'),
          page('Deploy without CDK', '/guides/without-cdk'),
          page('The command', '/guides/cli'),
          page('Operations', '/guides/operations'),
          page('A person’s data (GDPR)', '/guides/personal-data'),
          page('Logs, metrics, traces', '/guides/observability'),
          page('Troubleshooting', '/troubleshooting'),
        ],
      },
      {
        text: 'Understand',
        items: [
          page('How it works', '/design'),
          page('Security', '/security'),
          page('CSRF', '/guides/csrf'),
          page('Encrypted data', '/guides/encrypted-data'),
          page('A key for each tenant', '/guides/tenant-keys'),
          page('Performance', '/performance'),
          page('The codec', '/decisions/codec'),
          page('The size of a bundle', '/decisions/bundle-size'),
        ],
      },
      {
        text: 'Move here',
        items: [
          page('From rivo/sessions', '/guides/coming-from-rivo-sessions'),
          page('From connect-dynamodb', '/guides/coming-from-connect-dynamodb'),
          page('From better-auth', '/guides/coming-from-better-auth'),
          page('From iron-session', '/guides/coming-from-iron-session'),
          page('From JSON Web Tokens', '/guides/coming-from-jwt'),
        ],
      },
    ],
  },
};
