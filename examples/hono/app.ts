/** A Hono application on Lambda, behind any event source: a basket that a login keeps and a logout forgets. */
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { honoSession, type SessionEnv } from 'dynamodb-sessions/hono';

interface App {
  basket: readonly string[];
}

const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() });

const app = new Hono<SessionEnv<App>>();
app.use(honoSession(sessions));

app.get('/', ({ var: { session }, json }) =>
  json({ user: session.userId ?? null, basket: session.get('basket') ?? [] }),
);

app.post('/basket/:item', async ({ var: { session }, req, json }) => {
  const basket = await session.update('basket', (items = []) => [...items, req.param('item')]);
  return json({ basket });
});

// Your application finds out who somebody is before it calls `logIn`.
app.post('/login', async ({ var: { session }, req, redirect }) => {
  const { name } = await req.json<{ name: string }>();
  await session.logIn(name);
  return redirect('/', 303);
});

app.post('/logout', async ({ var: { session }, redirect }) => {
  await session.logOut();
  return redirect('/', 303);
});

export const handler = handle(app);
