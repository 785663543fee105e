export { createSessionTable } from './create-session-table.js';
export { DynamoDBPersistenceLayer, type DynamoDBPersistenceLayerOptions } from './dynamodb-persistence-layer.js';
export { connectDynamoDBTable, dynamodbStoreTable, type FormerTableOptions } from './former-tables.js';
