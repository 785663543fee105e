import { cache } from 'react';
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { NextSessions } from 'dynamodb-sessions/next';

interface App {
  visits: number;
  theme: 'light' | 'dark';
}

export const requests = new NextSessions(new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() }));

/** The session for components: all that render for one request share one read of the table. */
export const readSession = cache(() => requests.read());
