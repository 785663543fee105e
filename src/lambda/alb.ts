import { isIP } from 'node:net';
import { at, type EventSource, text } from './event-source.js';
import { allCookies, headersBeside, lastForwarded, otherHeaders, valuesIn } from './headers.js';

/** An event of an Application Load Balancer. `ALBEvent` is one. */
export interface AlbEvent {
  readonly httpMethod: string;
  readonly path: string;
  /** Present unless the target group has multi-value headers turned on. */
  readonly headers?: { [name: string]: string | undefined } | undefined;
  /** Present if the target group has multi-value headers turned on. */
  readonly multiValueHeaders?: { [name: string]: string[] | undefined } | undefined;
  readonly queryStringParameters?: { [name: string]: string | undefined } | undefined;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
  readonly requestContext: { readonly elb: { readonly targetGroupArn: string } };
}

/** What a handler returns to an Application Load Balancer. */
export interface AlbResult {
  statusCode: number;
  statusDescription?: string | undefined;
  headers?: { [name: string]: string | number | boolean } | undefined;
  multiValueHeaders?: { [name: string]: (string | number | boolean)[] } | undefined;
  body?: string | undefined;
  isBase64Encoded?: boolean | undefined;
  /** Not known to this format: it would be ignored. */
  cookies?: never;
}

/**
 * Which of the two kinds of headers the load balancer reads is a setting of the target group, seen in the event.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export const alb: EventSource<AlbEvent, AlbResult> = {
  matches: (event): event is AlbEvent => at(event, 'requestContext', 'elb') !== undefined,

  method: (event) => text(event.httpMethod) ?? 'GET',

  path: (event) => text(event.path),

  header: (event, name) => valuesIn(event, name)[0],

  cookies: (event) => valuesIn(event, 'cookie'),

  // The load balancer appends the address it sees.
  address(event) {
    const last = lastForwarded(valuesIn(event, 'x-forwarded-for'));
    return last === undefined || isIP(last) !== 0 ? last : withoutPort(last);
  },

  userAgent: (event) => valuesIn(event, 'user-agent')[0],

  withCookies(event, result, setCookies, more = {}) {
    const add = readsMultiHeaders(event) ? withMultiHeaders : withSingleHeaders;
    return add(result, setCookies, more);
  },

  answer(event, statusCode, headers, body) {
    const result = { statusCode, body, isBase64Encoded: false };
    return readsMultiHeaders(event)
      ? { ...result, multiValueHeaders: severally(headers) }
      : { ...result, headers: { ...headers } };
  },
};

type SingleHeaders = Readonly<Record<string, string>>;

function readsMultiHeaders({ multiValueHeaders }: AlbEvent): boolean {
  return multiValueHeaders !== undefined && multiValueHeaders !== null;
}

/** With multi-value headers on, nothing else is read: headers that the handler set singly are moved there. */
function withMultiHeaders(result: AlbResult, setCookies: readonly string[], more: SingleHeaders): AlbResult {
  const { headers = {}, multiValueHeaders = {}, ...rest } = result;
  return {
    ...rest,
    multiValueHeaders: {
      ...severally(headersBeside(headers, multiValueHeaders)),
      ...otherHeaders(multiValueHeaders),
      ...severally(more),
      'set-cookie': allCookies(setCookies, headers, multiValueHeaders),
    },
  };
}

function severally<Value>(single: { readonly [name: string]: Value }): { [name: string]: Value[] } {
  return Object.fromEntries(Object.entries(single).map(([name, value]) => [name, [value]]));
}

/**
 * A name can stand here only once. Header names are compared without their case, object members with it: so each
 * further cookie gets a spelling of its own. A load balancer that folds them sends just one of them, which only
 * multi-value headers can prevent.
 */
function withSingleHeaders(result: AlbResult, setCookies: readonly string[], more: SingleHeaders): AlbResult {
  const all = allCookies(setCookies, result.headers, result.multiValueHeaders);
  const spelled = all.map((cookie, index) => [spelling(index), cookie] as const);
  return { ...result, headers: { ...headersBeside(result.headers), ...more, ...Object.fromEntries(spelled) } };
}

/** `set-cookie` with those letters in capitals that have a bit in the index. */
function spelling(index: number): string {
  let letter = 0;
  return 'set-cookie'.replaceAll(/[a-z]/g, (small) => ((index >> letter++) & 1 ? small.toUpperCase() : small));
}

/** `203.0.113.7:4711` and `[2001:db8::1]:4711`, as the load balancer writes them when it preserves the client's port. */
function withoutPort(address: string): string {
  return address.replace(/^\[(.+)\]:\d+$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
}
