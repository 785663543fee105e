import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';

/** The smallest handler with a session. */
const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer({ tableName: 'Sessions' }) });

export const handler = withSession(sessions, (_event, session) => ({
  statusCode: 200,
  body: `hello ${session.userId}`,
}));
