import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { UsageError } from './usage-error.js';

/** The options by which every command is told which table to use. */
export interface ConnectionOptions {
  readonly table?: string;
  readonly region?: string;
  readonly endpoint?: string;
}

/** A table, and the way to it: all that a persistence layer is told. */
export interface Connection {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** How long one call may take, its retries included. */
  readonly timeoutMs: number;
}

type ClientConfig = Pick<DynamoDBClientConfig, 'region' | 'endpoint' | 'credentials'>;

/** @throws {@link UsageError} if it is not said which table, or where */
export async function connect(
  options: ConnectionOptions,
  createClient: (config: ClientConfig) => DynamoDBClient = createPatientClient,
): Promise<Connection> {
  const tableName = tableNameIn(options);
  const client = createClient(clientConfig(options));
  try {
    await client.config.region();
  } catch {
    throw new UsageError('No region: give --region, or set AWS_REGION.');
  }
  return { client, tableName, timeoutMs: 20_000 };
}

/** Whether a local engine is meant. Nothing that is sent there is a secret. */
export function isLocal({ endpoint }: ConnectionOptions): boolean {
  if (endpoint === undefined) return false;
  const { hostname } = endpointUrl(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function tableNameIn({ table }: ConnectionOptions): string {
  if (table === undefined) throw new UsageError('No table: give --table, or set DYNAMODB_SESSIONS_TABLE.');
  if (!/^([\w.-]{3,255}|arn:[\w:/.-]+)$/.test(table)) {
    throw new UsageError(
      'That is not a valid table name: expected 3 to 255 letters, digits, "_", "." or "-", or an ARN.',
    );
  }
  return table;
}

function clientConfig(options: ConnectionOptions): ClientConfig {
  const { region, endpoint } = options;
  if (region !== undefined && !/^[a-z\d-]+$/.test(region)) {
    throw new UsageError('That is not a valid region: expected something like eu-central-1.');
  }
  const { AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID } = process.env;
  const isConfigured = AWS_PROFILE !== undefined || AWS_ACCESS_KEY_ID !== undefined;
  const mayMakeUp = isLocal(options) && !isConfigured; // Local engines take any region and credentials.
  const madeUpRegion = mayMakeUp && AWS_REGION === undefined ? 'us-east-1' : undefined;
  const usedRegion = region ?? madeUpRegion;
  return {
    ...(usedRegion !== undefined && { region: usedRegion }),
    ...(endpoint !== undefined && { endpoint: endpointUrl(endpoint).href }),
    ...(mayMakeUp && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  };
}

function endpointUrl(endpoint: string): URL {
  const url = URL.parse(endpoint);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError('The endpoint is not a URL: expected something like http://127.0.0.1:8000.');
}

/** A client for a person who waits: slow answers are waited for, what failed is asked again. */
function createPatientClient(config: ClientConfig): DynamoDBClient {
  return new DynamoDBClient({
    ...config,
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
}
