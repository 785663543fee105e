/** A function under middy, behind any event source: it counts, and says what it counted. */
import middy from '@middy/core';
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { sessionMiddleware } from 'dynamodb-sessions/middy';

const sessions = new Sessions<{ visits: number }>({ persistence: new DynamoDBPersistenceLayer() });

export const handler = middy()
  .use(sessionMiddleware(sessions))
  .handler(async (_event, { session }) => {
    session.set('visits', (session.get('visits') ?? 0) + 1);
    return { statusCode: 200, body: String(session.get('visits')) };
  });
