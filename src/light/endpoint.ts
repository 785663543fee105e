import { ConfigurationError } from '../core/errors.js';

/** The domains of AWS's partitions by the beginning of their regions' names: over IPv4, and over IPv6 as well. */
const PARTITIONS: Readonly<Record<string, readonly [domain: string, dualStack: string]>> = {
  'us-gov-': ['amazonaws.com', 'api.aws'],
  'cn-': ['amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  'eusc-': ['amazonaws.eu', 'api.amazonwebservices.eu'],
  'us-iso-': ['c2s.ic.gov', 'api.aws.ic.gov'],
  'us-isob-': ['sc2s.sgov.gov', 'api.aws.scloud'],
  'us-isof-': ['csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  'eu-isoe-': ['cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
  '': ['amazonaws.com', 'api.aws'],
};

/** What else the environment says of the endpoint. */
export interface EndpointVariant {
  readonly fips?: boolean;
  readonly dualStack?: boolean;
}

/**
 * Where DynamoDB answers in a region. `local` is an engine on this machine, at port 8000.
 *
 * @throws {@link ConfigurationError} for what is no name of a region
 */
export function endpointOf(region: string, { fips = false, dualStack = false }: EndpointVariant = {}): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(region)) {
    throw new ConfigurationError('Option region is no name of a region; expected one such as "eu-central-1".');
  }
  if (region === 'local') return 'http://localhost:8000';
  const [, domains] = Object.entries(PARTITIONS).find(([start]) => region.startsWith(start))!;
  // The ordinary endpoints of GovCloud are FIPS ones.
  const isFips = fips && (dualStack || !region.startsWith('us-gov-'));
  return `https://dynamodb${isFips ? '-fips' : ''}.${region}.${domains[dualStack ? 1 : 0]}`;
}
