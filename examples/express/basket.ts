/** An Express application whose sessions are in DynamoDB: a basket that a login keeps and a logout forgets. */
import express from 'express';
import session from 'express-session';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { ExpressSessionStore } from 'dynamodb-sessions/express';

declare module 'express-session' {
  interface SessionData {
    user?: string;
    basket?: string[];
  }
}

const { SESSION_SECRET: secret } = process.env;
if (secret === undefined || secret.length < 32) throw new Error('Set SESSION_SECRET to at least 32 random characters.');

export const app = express();
app.set('trust proxy', 1); // one load balancer, which ends TLS
app.use(
  session({
    store: new ExpressSessionStore({ persistence: new DynamoDBPersistenceLayer() }),
    secret,
    name: '__Host-id',
    resave: false,
    saveUninitialized: false,
    cookie: { secure: true, sameSite: 'lax', maxAge: 86_400_000 },
  }),
);

app.get('/', ({ session: { user = null, basket = [] } }, response) => void response.json({ user, basket }));

app.post('/basket/:item', (request, response) => {
  request.session.basket = [...(request.session.basket ?? []), request.params.item];
  response.json({ basket: request.session.basket });
});

// Your application finds out who somebody is before this.
app.post('/login/:user', async (request, response) => {
  const { basket = [] } = request.session;
  await done((callback) => request.session.regenerate(callback)); // a planted session ID must not become the user's
  request.session.user = request.params.user;
  request.session.basket = basket;
  await done((callback) => request.session.save(callback)); // the browser follows a redirect before express-session saves
  response.redirect(303, '/');
});

app.post('/logout', async (request, response) => {
  await done((callback) => request.session.destroy(callback));
  response.redirect(303, '/');
});

function done(begin: (callback: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => (error ? reject(error as Error) : resolve()));
  });
}
