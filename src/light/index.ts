export { DynamoDBPersistenceLayer, type DynamoDBPersistenceLayerOptions } from './dynamodb-persistence-layer.js';
export type { Credentials } from './signature.js';
export type { CredentialsSource } from './credentials.js';
