export { createSessionTable } from './create-session-table.js';
export { DynamoDBPersistenceLayer, type DynamoDBPersistenceLayerOptions } from './dynamodb-persistence-layer.js';
