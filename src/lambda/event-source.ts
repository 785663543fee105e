/** One kind of HTTP event that Lambda is invoked with: as data, so that nothing else has to ask which kind it is. */
export interface RequestSource<Event> {
  /** Whether the event is of this kind; of anything at all, without throwing. */
  matches(event: unknown): event is Event;
  method(event: Event): string;
  /** The value of a request header, by its lower-case name. */
  header(event: Event, name: string): string | undefined;
  /** Cookie headers or single cookies, as they came. */
  cookies(event: Event): readonly string[];
  /** The client's address, as the service saw it. */
  address(event: Event): string | undefined;
  userAgent(event: Event): string | undefined;
}

/** One kind of event, and of result that it is answered with. */
export interface EventSource<Event, Result> extends RequestSource<Event> {
  /** The path of the URL as the browser has it, without the query. */
  path(event: Event): string | undefined;
  /**
   * The result with cookies added to it and headers that have one value, and kept from shared caches; its own cookies and
   * other headers stay.
   */
  withCookies(
    event: Event,
    result: Result,
    setCookies: readonly string[],
    headers?: Readonly<Record<string, string>>,
  ): Result;
  /** A plain text answer, with headers of which each has one value. */
  answer(event: Event, statusCode: number, headers: Readonly<Record<string, string>>, body: string): Result;
}

/** As most services take a plain text answer. */
export const plainAnswer = (
  _event: unknown,
  statusCode: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): { statusCode: number; headers: Record<string, string>; body: string } => ({
  statusCode,
  headers: { ...headers },
  body,
});

/** Looks into something of unknown shape. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  );
}

/** What a client sent as text, or nothing. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
