/** What the tests use of dynamodb-store, which has no types. */
declare module 'dynamodb-store' {
  import type { Store } from 'express-session';

  interface Options {
    readonly table?: { readonly name?: string; readonly hashKey?: string; readonly hashPrefix?: string };
    readonly dynamoConfig?: object;
    readonly touchInterval?: number;
    readonly ttl?: number;
  }

  export default class DynamoDBStore extends Store {
    constructor(options: Options, ready: (error?: Error) => void);
  }
}
