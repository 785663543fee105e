/** What the benchmarks use of packages of their own install, so that they can be checked without it. */

declare module '@auth/dynamodb-adapter' {
  type Row = Record<string, unknown>;

  export interface Adapter {
    createUser(user: Row): Promise<Row>;
    linkAccount(account: Row): Promise<unknown>;
    getUserByAccount(account: { readonly provider: string; readonly providerAccountId: string }): Promise<Row | null>;
    createSession(session: Row): Promise<Row>;
    getSessionAndUser(sessionToken: string): Promise<{ readonly session: Row; readonly user: Row } | null>;
    updateSession(session: Row): Promise<unknown>;
    deleteSession(sessionToken: string): Promise<unknown>;
  }

  export function DynamoDBAdapter(client: object, options: { readonly tableName: string }): Adapter;
}

declare module 'better-auth' {
  export interface SecondaryStorage {
    get(key: string): Promise<unknown>;
    set(key: string, value: string, ttl?: number): Promise<unknown>;
    delete(key: string): Promise<void>;
    getAndDelete(key: string): Promise<unknown>;
    increment(key: string, ttl: number): Promise<number>;
  }

  type Asked = { readonly headers: Headers };
  type Row = Record<string, unknown>;

  export interface Auth {
    readonly api: {
      getSession(request: Asked): Promise<{ readonly session: Row } | null>;
      updateSession(request: Asked & { readonly body: Row }): Promise<unknown>;
      signOut(request: Asked): Promise<unknown>;
    };
    readonly $context: Promise<{
      readonly internalAdapter: {
        createUser(user: Row): Promise<{ readonly id: string }>;
        createSession(userId: string, dontRememberMe: boolean, fields: Row): Promise<{ readonly token: string }>;
        listSessions(userId: string): Promise<Row[]>;
        deleteUserSessions(userId: string): Promise<void>;
      };
    }>;
  }

  export function betterAuth(options: object): Auth;
}

declare module 'better-auth/adapters/memory' {
  export function memoryAdapter(tables: Record<string, object[]>): object;
}

declare module 'vega' {
  export function parse(specification: object): object;
  export class View {
    constructor(runtime: object, options: { readonly renderer: 'none' });
    toSVG(): Promise<string>;
    finalize(): void;
  }
}

declare module 'vega-lite' {
  export function compile(specification: object): { readonly spec: object };
}
