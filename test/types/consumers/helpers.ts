/** Helpers that users write for sessions of any application. Compiled under several settings, and never run. */
import { type DeepReadonly, type ReadonlySession, type Session, Sessions, type SessionUser } from 'dynamodb-sessions';

interface Item {
  sku: string;
  tags: string[];
  at: Date;
}

interface App {
  theme: 'light' | 'dark';
  cart: Item[];
  seen: Map<string, string[]>;
  visits?: number;
}

interface User extends SessionUser {
  readonly id: string;
  readonly email: string;
}

const sessions = new Sessions<App, User>();

export async function signOut(session: Session): Promise<void> {
  if (session.has('theme')) await session.logOut({ keep: ['theme'] });
}

export const greeting = (session: ReadonlySession): string => `hello ${session.userId ?? 'stranger'}`;

export function take<Data extends object, Users extends SessionUser>(session: Session<Data, Users>): Date | undefined {
  return session.createdAt;
}

const total = (cart: DeepReadonly<Item[]>): number => cart.length;

export async function page(token: string): Promise<string> {
  const session = await sessions.start({ tokens: [token] });
  const cart = session.get('cart') ?? [];
  session.set('cart', [...cart, { sku: 'A-1', tags: [], at: new Date() }]);
  session.set('seen', new Map([...(session.get('seen') ?? []), ['A-1', ['now']]]));
  const visits: number | undefined = await session.update('visits', (n = 0) => n + 1);
  await session.update('cart', (items = []) => {
    items[0]?.tags.push('seen');
    return items;
  });
  const id: string | undefined = session.userId;
  if (id !== undefined) await sessions.logOutUser(id, { except: session });
  take(session);
  await signOut(session);
  return `${greeting(session)} ${greeting(await sessions.read())} ${total(cart)} ${visits ?? 0}`;
}
