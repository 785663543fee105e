/** A function behind any event source: it counts, and says what it counted. */
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { type LambdaEvent, withSession } from 'dynamodb-sessions/lambda';

const sessions = new Sessions<{ visits: number }>({ persistence: new DynamoDBPersistenceLayer() });

class TeapotError extends Error {
  override readonly name = 'TeapotError';
}

export const handler = withSession(sessions, async (event: LambdaEvent, session) => {
  if (event.body === 'throw') throw new TeapotError('short and stout');
  const visits = (session.get('visits') ?? 0) + 1;
  session.set('visits', visits);
  return { statusCode: 200, body: String(visits) };
});
