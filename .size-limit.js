// A guard against growth, at what it is today.
// What the package adds to a handler's bundle. The AWS SDK is not counted: Lambda's runtime has it, or the bundle would anyway.
const handlerWith = (room) => ({
  import: {
    'dist/src/index.js': '{ Sessions }',
    'dist/src/lambda/index.js': '{ withSession }',
    [`dist/src/${room}/index.js`]: '{ DynamoDBPersistenceLayer }',
  },
  ignore: ['@aws-sdk/*'],
  modifyEsbuildConfig: (config) => ({ ...config, platform: 'node', format: 'esm', target: 'node20' }),
});

const withSdk = handlerWith('dynamodb');
const withoutSdk = handlerWith('light');

export default [
  { ...withSdk, name: 'handler, minified', brotli: false, limit: '79.9 kB' },
  { ...withSdk, name: 'handler, minified and gzipped', gzip: true, limit: '28.2 kB' },
  { ...withoutSdk, name: 'handler without the AWS SDK, client included, minified', brotli: false, limit: '86.9 kB' },
  { ...withoutSdk, name: 'handler without the AWS SDK, minified and gzipped', gzip: true, limit: '30.9 kB' },
];
