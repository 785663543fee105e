// What is used of Next.js, which is not installed here: test/frameworks builds with the real one.

declare module 'next/headers.js' {
  export function cookies(): Promise<{
    get(name: string): { readonly value: string } | undefined;
    set(name: string, value: string, attributes: object): unknown;
  }>;
  export function headers(): Promise<Headers>;
}

declare module 'next/server.js' {
  export class NextResponse extends Response {
    static next(init?: { readonly request?: { readonly headers: Headers } }): NextResponse;
  }
}
