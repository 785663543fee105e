import type { Endpoint } from './endpoint.js';
import { openAuthAdapter } from './auth-adapter.js';
import { openConnectDynamoDB, openDynamodbStore } from './express-stores.js';
import { openFloor, openSequentialFloor } from './floor.js';
import type { OperationId } from './operations.js';
import { openOwn } from './own.js';
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
          'logIn',
          'logOut',
          'list10',
        ] as const
      ).map((id) => [id, 'as the floor']),
    ),
  },
} as const satisfies Record<string, Contestant>;

export const contestantIds = Object.keys(contestants) as ContestantId[];
