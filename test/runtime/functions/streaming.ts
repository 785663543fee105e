/** A function that streams: it counts, and sends what it counted in parts. */
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withStreamingSession } from 'dynamodb-sessions/lambda';

const sessions = new Sessions<{ visits: number }>({ persistence: new DynamoDBPersistenceLayer() });

export const handler = withStreamingSession(sessions, async (event, session, respond) => {
  if (event.body === 'say nothing') return;
  if (event.body === 'throw before') throw new TypeError('nothing was sent');
  const visits = (session.get('visits') ?? 0) + 1;
  session.set('visits', visits);
  const stream = await respond({ headers: { 'content-type': 'text/plain' }, cookies: ['own=1'] });
  stream.write('visit ');
  if (event.body === 'throw after') throw new TypeError('something was sent');
  stream.write(String(visits));
  stream.end();
});
