export { connectDynamoDBTable, dynamodbStoreTable, type FormerTableOptions } from './former-tables.js';
