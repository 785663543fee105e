/** A Fastify application whose sessions are in DynamoDB: it counts the visits. */
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import fastify from 'fastify';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { ExpressSessionStore } from 'dynamodb-sessions/express';

declare module 'fastify' {
  interface Session {
    visits?: number;
  }
}

const { SESSION_SECRET: secret } = process.env;
if (secret === undefined || secret.length < 32) throw new Error('Set SESSION_SECRET to at least 32 random characters.');

const store = new ExpressSessionStore({ persistence: new DynamoDBPersistenceLayer() });

export const app = fastify({ trustProxy: (_address, hop) => hop === 0 }); // one load balancer, which ends TLS
await app.register(fastifyCookie);
await app.register(fastifySession, {
  // The cast is needed under exactOptionalPropertyTypes only.
  store: store as fastifySession.SessionStore,
  secret,
  cookieName: '__Host-id',
  saveUninitialized: false,
  cookie: { secure: true, sameSite: 'lax', maxAge: 86_400_000 },
});

app.get('/', async ({ session }) => {
  session.visits = (session.visits ?? 0) + 1;
  return { visits: session.visits };
});
