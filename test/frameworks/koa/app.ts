import Koa from 'koa';
import { type Session, Sessions, StoreUnavailableError } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { type CookieJar, JarSessions } from 'dynamodb-sessions/web';

interface App {
  visits: number;
}

const requests = new JarSessions(new Sessions<App>({ persistence: new DynamoDBPersistenceLayer() }));

export const app = new Koa<{ session: Session<App> }>();

app.use(async (context, next) => {
  const request = { method: context.method, headers: { get: (name: string) => context.get(name) } };
  context.cookies.secure = true; // TLS ends before this server
  const jar: CookieJar = {
    get: (name) => context.cookies.get(name, { signed: false }),
    set(name, value, attributes) {
      context.cookies.set(name, value, { ...attributes, signed: false });
      context.set('Cache-Control', 'no-store'); // a shared cache would hand the cookie to everybody
    },
  };
  try {
    await requests.run(request, jar, async (session) => {
      context.state.session = session;
      await next();
    });
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    context.status = 503;
  }
});

app.use(async (context) => {
  const { session } = context.state;
  switch (`${context.method} ${context.path}`) {
    case 'POST /visits':
      await session.update('visits', (n = 0) => n + 1);
      break;
    case 'POST /login': // your application finds out who somebody is before it calls `logIn`
      await session.logIn(String(context.query.name));
      break;
    case 'POST /logout':
      await session.logOut();
      break;
  }
  context.body = { user: session.userId ?? null, visits: session.get('visits') ?? 0 };
});
