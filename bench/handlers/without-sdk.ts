import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb/light';
import { withSession } from 'dynamodb-sessions/lambda';

/** The smallest handler with a session, and without the AWS SDK. */
const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer({ tableName: 'Sessions' }) });

export const handler = withSession(sessions, (_event, session) => ({
  statusCode: 200,
  body: `hello ${session.userId}`,
}));
