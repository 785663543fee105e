// A guard against growth, at what it is today. test/package/bundle.test.ts has a budget for each part of it.
// What the package adds to a handler's bundle. The AWS SDK is not counted: Lambda's runtime has it, or the bundle would anyway.
const handlerWith = (room, names = '{ Sessions }') => ({
  import: {
    'dist/src/index.js': names,
    'dist/src/lambda/index.js': '{ withSession }',
    [`dist/src/${room}/index.js`]: '{ DynamoDBPersistenceLayer }',
  },
  ignore: ['@aws-sdk/*'],
  modifyEsbuildConfig: (config) => ({ ...config, platform: 'node', format: 'esm', target: 'node20' }),
});

const withSdk = handlerWith('dynamodb');
const withoutSdk = handlerWith('light');
const bare = handlerWith('light', '{ BareSessions, jsonCodec }');

export default [
  { ...withSdk, name: 'handler, minified', brotli: false, limit: '85 kB' },
  { ...withSdk, name: 'handler, minified and gzipped', gzip: true, limit: '30.4 kB' },
  { ...withoutSdk, name: 'handler without the AWS SDK, client included, minified', brotli: false, limit: '92.8 kB' },
  { ...withoutSdk, name: 'handler without the AWS SDK, minified and gzipped', gzip: true, limit: '33.4 kB' },
  { ...bare, name: 'handler without the AWS SDK, with BareSessions, minified', brotli: false, limit: '78 kB' },
  { ...bare, name: 'handler without the AWS SDK, with BareSessions, gzipped', gzip: true, limit: '28.2 kB' },
];
