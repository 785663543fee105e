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
