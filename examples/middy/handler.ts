/** A middy handler behind an HTTP API or a Function URL: it counts the visits. */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from 'aws-lambda';
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { sessionMiddleware } from 'dynamodb-sessions/middy';

interface App {
  visits: number;
}

const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() });

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(sessionMiddleware(sessions))
  .handler(async ({ rawPath }, { session }) => {
    if (rawPath === '/login') await session.logIn('user-1');
    if (rawPath === '/logout') await session.logOut();
    const visits = await session.update('visits', (n = 0) => n + 1);
    return { statusCode: 200, body: JSON.stringify({ user: session.userId ?? null, visits }) };
  });
