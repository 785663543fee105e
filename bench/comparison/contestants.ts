import type { Endpoint } from './endpoint.js';
import { openAuthAdapter } from './auth-adapter.js';
import { openBetterAuth } from './better-auth.js';
import { openConnectDynamoDB, openDynamodbStore } from './express-stores.js';
import { openFloor, openSequentialFloor } from './floor.js';
import { openIronSession } from './iron-session.js';
import type { OperationId } from './operations.js';
import { openLight, openOwn } from './own.js';
import type { Site } from './site.js';

export interface Contestant {
  readonly title: string;
  readonly open: (endpoint: Endpoint) => Promise<Site>;
  /** What it has no operation for, and why. */
  readonly cannot: Partial<Record<OperationId, string>>;
}

export type ContestantId = keyof typeof contestants;

const NO_LIST = 'keeps no list of the sessions of a user';
const withoutUsers: Contestant['cannot'] = {
  pageViewEventually: 'always reads consistently',
  list10: NO_LIST,
  logOutEverywhere10: NO_LIST,
  logOutEverywhere200: NO_LIST,
};

export const contestants = {
  floor: { title: 'hand-written floor', open: openFloor, cannot: {} },
  own: { title: 'dynamodb-sessions', open: openOwn, cannot: {} },
  light: { title: 'the same, light client', open: openLight, cannot: {} },
  connectDynamoDB: { title: 'connect-dynamodb 3', open: openConnectDynamoDB, cannot: withoutUsers },
  dynamodbStore: { title: 'dynamodb-store 1', open: openDynamodbStore, cannot: withoutUsers },
  authAdapter: {
    title: '@auth/dynamodb-adapter 2',
    open: openAuthAdapter,
    cannot: {
      pageViewEventually: 'always finds a session by an index, eventually consistently',
      touch: 'has no anonymous sessions',
      create: 'has no anonymous sessions',
      list10: NO_LIST,
      logOutEverywhere10: NO_LIST,
      logOutEverywhere200: NO_LIST,
    },
  },
  betterAuth: {
    title: 'better-auth 1',
    open: openBetterAuth,
    cannot: {
      pageViewEventually: 'was given a storage that reads consistently',
      touch: 'has no anonymous sessions',
      create: 'has no anonymous sessions',
      logOutEverywhere200: 'rewrites its list of a user’s sessions at each login, which takes too long to prepare',
    },
  },
  ironSession: {
    title: 'iron-session 8',
    open: openIronSession,
    cannot: {
      pageViewEventually: 'reads nothing',
      changeLarge: 'keeps no more than a cookie holds',
      list10: NO_LIST,
      logOutEverywhere10: NO_LIST,
      logOutEverywhere200: NO_LIST,
    },
  },
  sequentialFloor: {
    title: 'hand-written, one delete after another',
    open: openSequentialFloor,
    cannot: Object.fromEntries(
      (
        [
          'noCookie',
          'malformedCookie',
          'unknownCookie',
          'pageView',
          'pageViewEventually',
          'touch',
          'touchUser',
          'change',
          'changeLarge',
          'create',
          'createLoggedIn',
          'logIn',
          'logOut',
          'list10',
        ] as const
      ).map((id) => [id, 'as the floor']),
    ),
  },
} as const satisfies Record<string, Contestant>;

export const contestantIds = Object.keys(contestants) as ContestantId[];
