import { isDeepStrictEqual } from 'node:util';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { tombstoneOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import type { CookieAction, Session, Sessions, SessionsOptions } from '../../src/index.js';
import type { Fault } from '../world/faults.js';
import { newId } from '../world/records.js';
import type { TestTable } from '../world/tables.js';
import { type App, Browser, World } from '../world/world.js';
import type { Stage } from './stage.js';

/** Something that a browser asks a handler for, and what the handler's session asks of DynamoDB for it. */
export interface RequestKind {
  readonly name: string;
  /** The calls that it makes if nothing goes wrong but what is {@link given}. */
  readonly calls: readonly string[];
  /** Whether the first list is asked for while the mark is raised: either may be sent first. @defaultValue false */
  readonly listsAtOnce?: boolean;
  /** What has befallen the first attempt of a call. It is the later ones then that are looked at. */
  readonly given?: { readonly call: number; readonly fault: Fault };
  /** Whether it needs a table of its own: it concerns everyone in it. @defaultValue false */
  readonly alone?: boolean;
  begin(place: Place): Promise<Situation>;
}

/** A place of its own: time, user, and a table that is shared with others. */
export interface Place {
  readonly table: TestTable;
  /** Nothing befalls this layer, nor the sessions of this world. */
  readonly layer: DynamoDBPersistenceLayer;
  readonly world: World;
  readonly user: string;
}

/** A browser before its request, and what there is to see. */
export interface Situation {
  readonly browser: Browser;
  readonly options?: SessionsOptions;
  handle(session: Session<App>, sessions: Sessions<App>): unknown;
  /** What the handler makes of it, if anything. */
  readonly answer?: unknown;
  /** What it makes of an index that lags. */
  readonly oldAnswer?: unknown;
  /** What the response says of the cookie if nothing goes wrong. */
  readonly cookie: CookieAction['kind'];
  /** What is seen with the cookie that the browser has, by a layer that nothing befalls. */
  look(): Promise<unknown>;
  /** What is seen when the request has been carried out, however often it was tried. */
  readonly after: unknown;
  /** What is seen if it was carried out, and another session was left that the bound on sessions is to end. */
  readonly afterOver?: unknown;
  /** What is seen if it was carried out, nobody was told, and it was carried out once more. */
  readonly afterTwice?: unknown;
  /** What is seen if it failed, was made again, and what the first try had sent landed after that. */
  readonly afterLate?: unknown;
}

/** @param encrypted whether the data of sessions is encrypted there */
export function placeFor({ table, sound }: Pick<Stage, 'table' | 'sound'>, encrypted: boolean): Place {
  return { table, layer: sound, world: new World(sound, encrypted), user: `user-${newId()}` };
}

const B = 'BatchGetItem';
const G = 'GetItem';
const P = 'PutItem';
const U = 'UpdateItem';
const W = 'BatchWriteItem';
const Q = 'Query';

/** Every kind of request that asks the store for something. */
export const requestKinds: readonly RequestKind[] = [
  { name: 'read', calls: [G], begin: read },
  { name: 'touch', calls: [G, B, U], begin: touch },
  { name: 'rotate', calls: [G, U], begin: rotate },
  { name: 'resend', calls: [G, G], begin: resend },
  { name: 'first set', calls: [P], begin: firstSet },
  { name: 'set', calls: [G, U], begin: set },
  { name: 'set twice', calls: [G, U, U], given: { call: 1, fault: 'drop-before' }, begin: set },
  { name: 'update', calls: [G, U], begin: update },
  { name: 'getAndDelete', calls: [G, U], begin: getAndDelete },
  { name: 'log in', calls: [G, B, U], begin: logIn },
  { name: 'log in anew', calls: [B, P], begin: logInAnew },
  { name: 'log in again', calls: [G, B, P], begin: logInAgain },
  { name: 'log in as another', calls: [G, P, B, P], begin: logInAsAnother },
  { name: 'log in only here', calls: [G, B, U, U, Q, P, Q], begin: logInOnlyHere },
  { name: 'log in, bounded', calls: [G, B, U, Q, Q, B, P], begin: logInBounded },
  { name: 'regenerate', calls: [G, U], begin: regenerate },
  { name: 'destroy', calls: [G, P], begin: destroy },
  { name: 'log out', calls: [G, P], begin: logOut },
  { name: 'log out, keep', calls: [G, P, P], begin: logOutAndKeep },
  { name: 'revoke', calls: [G, G, P], begin: revoke },
  { name: 'devices', calls: [G, Q, B], begin: devices },
  { name: 'everywhere', calls: [G, U, Q, W, Q], listsAtOnce: true, begin: everywhere },
  { name: 'elsewhere', calls: [G, B, G, U, Q, W, Q], listsAtOnce: true, begin: elsewhere },
  { name: 'everyone', calls: [G, U], alone: true, begin: everyone },
  { name: 'reuse', calls: [G, P], begin: reuse },
  { name: 'hidden', calls: [G, B, P], begin: hidden },
  { name: 'moved', calls: [G, P], begin: moved },
];

const HOUR = 3_600;

async function read(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  const handle = (session: Session<App>): void => {
    if (session.get('theme') !== 'dark') throw new Error('The session was not found.');
  };
  return { browser, look, handle, cookie: 'keep', after: { user: undefined, data: { theme: 'dark' } } };
}

async function touch(place: Place): Promise<Situation> {
  const { browser } = await customer(place);
  const began = place.world.now;
  place.world.now += 400;
  const look = async (): Promise<unknown> => {
    const { userId, lastSeenAt } = await browser.start();
    return { user: userId === place.user, seenAfter: (lastSeenAt?.getTime() ?? 0) / 1000 - began };
  };
  return { browser, look, handle: () => {}, cookie: 'keep', after: { user: true, seenAfter: 400 } };
}

async function rotate(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  place.world.now += HOUR;
  return { browser, look, handle: () => {}, cookie: 'set', after: { user: undefined, data: { theme: 'dark' } } };
}

/** The response that brought the new cookie was lost. */
async function resend(place: Place): Promise<Situation> {
  const situation = await rotate(place);
  const { browser } = situation;
  const before = browser.token;
  await browser.request();
  browser.token = before;
  return situation;
}

async function firstSet(place: Place): Promise<Situation> {
  const browser = new Browser(place.world.sessions());
  const handle = (session: Session<App>): void => session.set('theme', 'dark');
  return {
    browser,
    handle,
    cookie: 'set',
    look: lookWith(browser),
    after: { user: undefined, data: { theme: 'dark' } },
  };
}

async function set(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  const handle = (session: Session<App>): void => session.set('visits', 1);
  return { browser, look, handle, cookie: 'keep', after: { user: undefined, data: { theme: 'dark', visits: 1 } } };
}

async function update(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  const seen = (visits: number): unknown => ({ user: undefined, data: { theme: 'dark', visits } });
  const handle = (session: Session<App>): unknown => session.update('visits', (visits = 0) => visits + 1);
  return { browser, look, handle, cookie: 'keep', after: seen(1), afterTwice: seen(2) };
}

async function getAndDelete(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  const handle = (session: Session<App>): unknown => session.getAndDelete('theme');
  return { browser, look, handle, cookie: 'keep', after: { user: undefined, data: {} } };
}

async function logIn(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  const handle = (session: Session<App>): unknown => session.logIn(place.user);
  return { browser, look, handle, cookie: 'set', after: customerOf(place) };
}

/** The response to a login was lost. The next one takes along what the session holds that the first has taken over. */
async function logInAgain(place: Place): Promise<Situation> {
  const situation = await logIn(place);
  const { browser } = situation;
  const before = browser.token;
  await browser.request((session) => session.logIn(place.user));
  browser.token = before;
  return situation;
}

async function logInAnew(place: Place): Promise<Situation> {
  const browser = new Browser(place.world.sessions());
  const handle = (session: Session<App>): unknown => session.logIn(place.user);
  return { browser, handle, cookie: 'set', look: lookWith(browser), after: { user: place.user, data: {} } };
}

async function logInAsAnother(place: Place): Promise<Situation> {
  const { browser, look } = await customer(place);
  const other = `${place.user}-other`;
  const handle = (session: Session<App>): unknown => session.logIn(other);
  return { browser, look, handle, cookie: 'set', after: { user: other, data: {} } };
}

async function logInOnlyHere(place: Place): Promise<Situation> {
  const { look: lookElsewhere } = await customer(place);
  const { browser, look } = await visitor(place);
  const handle = (session: Session<App>): unknown => session.logIn(place.user, { exclusive: true });
  const seen = (data: unknown): unknown => ({ here: { user: place.user, data }, elsewhere: GONE });
  return {
    browser,
    handle,
    cookie: 'set',
    look: async () => ({ here: await look(), elsewhere: await lookElsewhere() }),
    after: seen({ theme: 'dark' }),
    afterLate: { here: GONE, elsewhere: GONE },
  };
}

async function logInBounded(place: Place): Promise<Situation> {
  const situation = await logInOnlyHere(place);
  place.world.now += 1; // it is the later login
  return {
    ...situation,
    options: { maxSessionsPerUser: 1 },
    handle: (session) => session.logIn(place.user),
    afterOver: { here: customerOf(place), elsewhere: customerOf(place) },
  };
}

async function regenerate(place: Place): Promise<Situation> {
  const { browser, look } = await visitor(place);
  const after = { user: undefined, data: { theme: 'dark' } };
  const handle = (session: Session<App>): unknown => session.regenerate();
  return { browser, look, handle, cookie: 'set', after, afterTwice: GONE };
}

async function destroy(place: Place): Promise<Situation> {
  const { browser } = await customer(place);
  const look = await lookAtItem(place, browser);
  return { browser, look, handle: (session) => session.destroy(), cookie: 'clear', after: 'ended' };
}

async function logOut(place: Place): Promise<Situation> {
  return { ...(await destroy(place)), handle: (session) => session.logOut() };
}

async function logOutAndKeep(place: Place): Promise<Situation> {
  const { browser, look } = await customer(place);
  const handle = (session: Session<App>): unknown => session.logOut({ keep: ['theme'] });
  const after = { user: undefined, data: { theme: 'dark' } };
  return { browser, look, handle, cookie: 'set', after, afterTwice: GONE };
}

async function revoke(place: Place): Promise<Situation> {
  const { browser } = await customer(place);
  const other = await customer(place);
  const { id } = await other.browser.start();
  const handle = (_session: Session<App>, sessions: Sessions<App>): unknown => sessions.revoke(id as string);
  const look = async (): Promise<unknown> => ({ here: await lookWith(browser)(), elsewhere: await other.look() });
  return { browser, look, handle, cookie: 'keep', after: { here: customerOf(place), elsewhere: GONE } };
}

async function devices(place: Place): Promise<Situation> {
  const { browser, look } = await customer(place);
  const handle = async (_session: Session<App>, sessions: Sessions<App>): Promise<number> =>
    (await sessions.ofUser(place.user)).length;
  return { browser, look, handle, answer: 1, oldAnswer: 0, cookie: 'keep', after: customerOf(place) };
}

async function everywhere(place: Place): Promise<Situation> {
  const { browser } = await visitor(place);
  const all = [await customer(place), await customer(place)];
  const handle = (_session: Session<App>, sessions: Sessions<App>): unknown => sessions.logOutUser(place.user);
  const look = (): Promise<unknown> => Promise.all(all.map((one) => one.look()));
  return { browser, look, handle, cookie: 'keep', after: [GONE, GONE] };
}

async function elsewhere(place: Place): Promise<Situation> {
  await place.layer.raiseUserMark(place.user, place.world.now + 1, { now: place.world.now });
  const { browser, look } = await customer(place);
  const other = await customer(place);
  return {
    browser,
    handle: (session, sessions) => sessions.logOutUser(place.user, { except: session }),
    cookie: 'keep',
    look: async () => ({ here: await look(), elsewhere: await other.look() }),
    after: { here: customerOf(place), elsewhere: GONE },
  };
}

async function everyone(place: Place): Promise<Situation> {
  const { browser } = await visitor(place);
  await customer(place);
  const handle = (_session: Session<App>, sessions: Sessions<App>): unknown => sessions.logOutEveryone();
  const look = async (): Promise<unknown> => (await place.world.sessions().ofUser(place.user)).length;
  return { browser, look, handle, cookie: 'keep', after: 0 };
}

/** A secret that was retired comes back: a copy of the cookie exists. */
async function reuse(place: Place): Promise<Situation> {
  const { browser } = await visitor(place);
  const retired = browser.token;
  place.world.now += HOUR;
  await browser.request();
  await browser.request();
  place.world.now += 200;
  browser.token = retired;
  return { browser, look: await lookAtItem(place, browser), handle: () => {}, cookie: 'keep', after: 'ended' };
}

/** Its user was logged out everywhere, and the index did not show the session. */
async function hidden(place: Place): Promise<Situation> {
  const { browser } = await customer(place);
  const look = await lookAtItem(place, browser);
  await place.layer.raiseUserMark(place.user, place.world.now + 90_000, { now: place.world.now });
  place.world.now += 400;
  return { browser, look, handle: expectStranger, cookie: 'keep', after: 'ended' };
}

/** The cookie comes from another network than the session's, and the policy is to end it. */
async function moved(place: Place): Promise<Situation> {
  const { browser } = await visitor(place, '198.51.100.1');
  const look = await lookAtItem(place, browser);
  const options: SessionsOptions = { acceptRemoteIp: { otherwise: 'destroy' } };
  return { browser, options, look, handle: expectStranger, cookie: 'keep', after: 'ended' };
}

function expectStranger(session: Session<App>): void {
  if (session.id !== undefined) throw new Error('The session was found.');
}

const GONE = { user: undefined, data: {} };
const customerOf = ({ user }: Place): unknown => ({ user, data: { theme: 'dark' } });

interface Visitor {
  readonly browser: Browser;
  readonly look: () => Promise<unknown>;
}

/** A browser with an anonymous session. */
async function visitor({ world }: Place, address?: string): Promise<Visitor> {
  const browser = new Browser(world.sessions({ revocationCheck: 'always' }));
  const session = await browser.start({ address });
  session.set('theme', 'dark');
  await browser.finish(session);
  return { browser, look: lookWith(browser) };
}

/** A browser whose user is logged in. */
async function customer({ world, user }: Place): Promise<Visitor> {
  const browser = new Browser(world.sessions({ revocationCheck: 'always' }));
  await browser.request(async (session) => {
    session.set('theme', 'dark');
    await session.logIn(user);
  });
  return { browser, look: lookWith(browser) };
}

const lookWith = (browser: Browser) => async (): Promise<unknown> => {
  const session = await browser.start();
  return { user: session.userId, data: Object.fromEntries(session.entries()) };
};

/** Where the cookie is no evidence: what is left of the session that the browser has now. */
async function lookAtItem(place: Place, browser: Browser): Promise<() => Promise<unknown>> {
  const id = idOf(browser.token) as string;
  return async () => {
    const { lastWrite: _, ...item } = (await itemOf(place, id)) ?? {};
    const { lastWrite: _mark, ...end } = tombstoneOf(id, place.world.now, new Uint8Array());
    if (isDeepStrictEqual(item, end)) return 'ended';
    return 'secretHash' in item ? 'present' : item;
  };
}

export const idOf = (token: string | undefined): string | undefined => token?.split('.')[0];

/** What the table holds under an ID. */
export async function itemOf({ table }: Place, id: string | undefined): Promise<Item | undefined> {
  if (id === undefined) return undefined;
  const Key = { id: { S: id } };
  const command = new GetItemCommand({ TableName: table.tableName, Key, ConsistentRead: true });
  return (await table.client.send(command)).Item;
}
