import { expectBoolean, refuseUnknown } from '../core/option-checks.js';
import { ConfigurationError } from '../core/errors.js';
import type { SessionUser } from '../core/persistence-layer.js';
import {
  TABLE_OPTIONS,
  TablePersistenceLayer,
  type TablePersistenceLayerOptions,
} from '../table/table-persistence-layer.js';
import { TABLE_ENVIRONMENT } from '../table-schema.js';
import type { CredentialsSource } from './credentials.js';
import { endpointOf } from './endpoint.js';
import { LightPort } from './light-port.js';

/** The options of {@link DynamoDBPersistenceLayer}. */
export interface DynamoDBPersistenceLayerOptions<
  User extends SessionUser = SessionUser,
> extends TablePersistenceLayerOptions<User> {
  /** @defaultValue `DYNAMODB_SESSIONS_REGION`, else `AWS_REGION`, read at the first call */
  readonly region?: string;
  /**
   * Where to ask, if not at the region's own endpoint.
   * @defaultValue `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`, else the region's, read at the first call
   */
  readonly endpoint?: string;
  /**
   * Credentials, or a function that finds them: the AWS SDK's providers are such functions.
   * @defaultValue the variables of the environment, as they are at each call; else what the endpoint of the container
   * hands out (ECS, EKS, SnapStart). Not the profiles of a developer's machine
   */
  readonly credentials?: CredentialsSource;
  /**
   * Make the connection while the module is loaded, so that the first request finds it.
   * @defaultValue in a Lambda
   */
  readonly connectEarly?: boolean;
}

/**
 * Keeps sessions in a DynamoDB table, as the layer of `dynamodb-sessions/dynamodb` does, and asks DynamoDB by itself:
 * without the AWS SDK, whose client takes most of a cold start.
 *
 * @throws {@link ConfigurationError} if an option is unknown or out of range
 * @example
 * ```ts
 * const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() });
 * ```
 */
export class DynamoDBPersistenceLayer<User extends SessionUser = SessionUser> extends TablePersistenceLayer<
  User,
  LightPort
> {
  constructor(options: DynamoDBPersistenceLayerOptions<User> = {}) {
    refuseUnknown('', options, [...TABLE_OPTIONS, 'region', 'endpoint', 'credentials', 'connectEarly']);
    const { region, endpoint, credentials, connectEarly = isLambda(), ...others } = options;
    expectBoolean('connectEarly', connectEarly);
    const given = endpoint === undefined ? undefined : urlOf(endpoint);
    const portOptions = {
      region: () => region ?? regionOfEnvironment(),
      endpoint: (found: string) => given ?? endpointOfEnvironment(found),
      credentials,
    };
    super(others, (timeoutMs) => new LightPort({ ...portOptions, timeoutMs }));
    if (connectEarly) this.port.connect();
  }

  /** Ends its connections: for tests and scripts, which would wait for them. */
  close(): void {
    this.port.close();
  }
}

const isLambda = (): boolean => Boolean(process.env['AWS_LAMBDA_FUNCTION_NAME']);

function regionOfEnvironment(): string {
  const { [TABLE_ENVIRONMENT.region]: ofTable, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = ofTable || AWS_REGION || AWS_DEFAULT_REGION;
  if (!region) throw new Error('Region is missing'); // as the SDK says it
  return region;
}

function endpointOfEnvironment(region: string): URL {
  const { AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT } =
    process.env;
  const variant = { fips: AWS_USE_FIPS_ENDPOINT === 'true', dualStack: AWS_USE_DUALSTACK_ENDPOINT === 'true' };
  return urlOf(AWS_ENDPOINT_URL_DYNAMODB || AWS_ENDPOINT_URL || endpointOf(region, variant));
}

function urlOf(text: string): URL {
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw new ConfigurationError('Option endpoint is no URL; expected one such as "http://127.0.0.1:8000".');
  const url = new URL(text);
  if (`${url.search}${url.hash}${url.username}${url.password}` !== '')
    throw new ConfigurationError('Option endpoint has a query, a fragment or a password; expected host and path.');
  return url;
}
