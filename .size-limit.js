// A guard against growth, at what it is today.
// What the package adds to a handler's bundle. The AWS SDK is not counted: Lambda's runtime has it, or the bundle would anyway.
const handler = {
  import: {
    'dist/src/index.js': '{ Sessions }',
    'dist/src/lambda/index.js': '{ withSession }',
    'dist/src/dynamodb/index.js': '{ DynamoDBPersistenceLayer }',
  },
  ignore: ['@aws-sdk/*'],
  modifyEsbuildConfig: (config) => ({ ...config, platform: 'node', format: 'esm', target: 'node20' }),
};

const light = {
  ...handler,
  import: { ...handler.import, 'dist/src/light/index.js': '{ DynamoDBPersistenceLayer as LightLayer }' },
};
delete light.import['dist/src/dynamodb/index.js'];

export default [
  { ...handler, name: 'handler, minified', brotli: false, limit: '75 kB' },
  { ...handler, name: 'handler, minified and gzipped', gzip: true, limit: '26.6 kB' },
];
