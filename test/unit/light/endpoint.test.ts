import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/index.js';
import { endpointOf } from '../../../src/light/endpoint.js';
import { DynamoDBPersistenceLayer } from '../../../src/light/index.js';

const REGIONS = [
  'us-east-1',
  'eu-central-1',
  'ap-southeast-7',
  'ca-west-1',
  'il-central-1',
  'me-central-1',
  'mx-central-1',
  'us-gov-west-1',
  'us-gov-east-1',
  'cn-north-1',
  'cn-northwest-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-iso-west-1',
  'us-isob-east-1',
  'us-isof-south-1',
  'eu-isoe-west-1',
  'xx-nowhere-1',
];

describe('the endpoint', () => {
  it.each(REGIONS)('of %s is the one that the SDK asks: plain, FIPS, dual stack, and both', (region) => {
    const { endpointProvider } = new DynamoDBClient({ region }).config;
    for (const fips of [false, true]) {
      for (const dualStack of [false, true]) {
        const { url } = endpointProvider({ Region: region, UseFIPS: fips, UseDualStack: dualStack });
        expect(`${endpointOf(region, { fips, dualStack })}/`).toBe(url.href);
      }
    }
  });

  it.each(['http://h/?a=1', 'http://h/#a', 'http://user@h', 'http://user:LEAK@h', 'ftp://h', 'h:8000', 'http://'])(
    'is refused as an option, and not repeated: %s',
    (endpoint) => {
      const make = (): unknown => new DynamoDBPersistenceLayer({ endpoint, tableName: 'T' });
      expect(make).toThrow(ConfigurationError);
      expect(make).not.toThrow(/LEAK/);
    },
  );

  it('of the region local is an engine on this machine', () => {
    expect(endpointOf('local')).toBe('http://localhost:8000');
  });

  it.each(['', 'EU', 'eu-central-1.evil.example', 'eu/central', 'a b', '-x'])('is refused for %o', (region) => {
    expect(() => endpointOf(region)).toThrow(ConfigurationError);
  });
});
