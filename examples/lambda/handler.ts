/** A handler behind an HTTP API or a Function URL: a basket that a login keeps and a logout forgets. */
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';

interface App {
  basket: readonly string[];
}

// Made once per Lambda instance, outside the handler. The table's name comes from the environment.
const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() });

export const handler = withSession(sessions, async (event, session) => {
  switch (`${event.requestContext.http.method} ${event.rawPath}`) {
    case 'GET /':
      return json({ user: session.userId ?? null, basket: session.get('basket') ?? [] });
    case 'POST /basket': {
      const { item } = JSON.parse(event.body ?? '') as { item: string };
      return json({ basket: await session.update('basket', (items = []) => [...items, item]) });
    }
    // Your application finds out who somebody is before it calls `logIn`.
    case 'POST /login': {
      const { name } = JSON.parse(event.body ?? '') as { name: string };
      await session.logIn(name);
      return { statusCode: 303, headers: { location: '/' } };
    }
    case 'POST /logout':
      await session.logOut();
      return { statusCode: 303, headers: { location: '/' } };
    default:
      return { statusCode: 404 };
  }
});

const json = (body: object) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
