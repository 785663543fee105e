/** Fetch handlers, as Next.js has them in `route.ts`, and as any server of `Request` and `Response` takes them. */
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { WebSessions, withSession } from 'dynamodb-sessions/web';

interface App {
  visits: number;
}

const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() });

export const GET = withSession(sessions, async (_request, session) => {
  const visits = await session.update('visits', (n = 0) => n + 1);
  return Response.json({ user: session.userId ?? null, visits });
});

// Your application finds out who somebody is before it calls `logIn`.
export const POST = withSession(sessions, async (request, session) => {
  const { name } = (await request.json()) as { name: string };
  await session.logIn(name);
  return new Response(null, { status: 303, headers: { location: '/' } });
});

export const DELETE = withSession(sessions, async (_request, session) => {
  await session.logOut();
  return new Response(null, { status: 204 });
});

const requests = new WebSessions(sessions);

/** Where no cookie can be set, as in a React server component: `await greeting({ headers: await headers() })`. */
export async function greeting(request: Pick<Request, 'headers'>): Promise<string> {
  const session = await requests.read(request);
  return `hello ${session.userId ?? 'stranger'}`;
}
