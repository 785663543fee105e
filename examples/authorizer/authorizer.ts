/** An authorizer for a REST API or an HTTP API: editors may pass. Its results must not be cached. */
import { Sessions, type SessionUser } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { sessionAuthorizer } from 'dynamodb-sessions/lambda';

const users: readonly SessionUser[] = [
  { id: 'ann', roles: ['admin'] },
  { id: 'bob', roles: ['editor'] },
  { id: 'eve', roles: [] },
];

const sessions = new Sessions({
  persistence: new DynamoDBPersistenceLayer({
    loadUser: async (id) => users.find((user) => user.id === id),
    roleHierarchy: async () => new Map([['editor', 'admin']]),
  }),
});

export const handler = sessionAuthorizer(sessions, {
  authorize: async (session) => sessions.hasRole((await session.user()) ?? {}, 'editor'),
});
