import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Where a contestant's DynamoDB is: the engine, or the meter before it. */
export interface Endpoint {
  readonly endpoint: string;
}

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** How every contestant reaches it. */
export const configFor = ({
  endpoint,
}: Endpoint): { endpoint: string; region: string; credentials: typeof CREDENTIALS } => ({
  endpoint,
  region: REGION,
  credentials: CREDENTIALS,
});

/** A client as the SDK makes it. */
export const clientFor = (endpoint: Endpoint): DynamoDBClient => new DynamoDBClient(configFor(endpoint));

/** Lambda's environment, for what finds its DynamoDB there by itself. */
export function setEnvironment({ endpoint }: Endpoint): void {
  Object.assign(process.env, {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  });
}
