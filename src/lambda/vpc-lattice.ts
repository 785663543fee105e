import { at, type EventSource, plainAnswer, text } from './event-source.js';
import { allCookies, headersBeside, lastForwarded, valuesOf } from './headers.js';

/** An event of a VPC Lattice service whose target group has event structure version 2. */
export interface VpcLatticeEvent {
  readonly version: string;
  readonly method: string;
  /** With the query string, if there is one. */
  readonly path: string;
  readonly headers: { [name: string]: string[] | undefined };
  readonly queryStringParameters?: { [name: string]: string[] | undefined } | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext: {
    readonly serviceArn: string;
    readonly identity?: { readonly sourceVpcArn?: string | undefined } | undefined;
  };
}

/** What a handler returns to VPC Lattice. */
export interface VpcLatticeResult {
  statusCode: number;
  statusDescription?: string | undefined;
  headers?: { [name: string]: string | number | boolean | (string | number | boolean)[] } | undefined;
  body?: string | undefined;
  isBase64Encoded?: boolean | undefined;
  /** Not known to this format: it would be ignored. */
  cookies?: never;
  /** Not known to this format: it would be ignored. */
  multiValueHeaders?: never;
}

/** @see https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html */
export const vpcLattice: EventSource<VpcLatticeEvent, VpcLatticeResult> = {
  matches: (event): event is VpcLatticeEvent =>
    at(event, 'version') === '2.0' &&
    at(event, 'requestContext', 'serviceArn') !== undefined &&
    at(event, 'requestContext', 'http') === undefined,

  method: (event) => text(event.method) ?? 'GET',

  path: (event) => text(event.path)?.split('?', 1)[0],

  header: (event, name) => valuesOf(event.headers, name)[0],

  cookies: (event) => valuesOf(event.headers, 'cookie'),

  // VPC Lattice adds the source address that it sees.
  address: (event) => lastForwarded(valuesOf(event.headers, 'x-forwarded-for')),

  userAgent: (event) => valuesOf(event.headers, 'user-agent')[0],

  withCookies(_event, result, setCookies, more) {
    const all = allCookies(setCookies, result.headers);
    return {
      ...result,
      headers: {
        ...headersBeside(result.headers),
        ...more,
        // One cookie as the documentation shows it; several as a list, as headers come in.
        'set-cookie': all.length === 1 ? (all[0] as string) : all,
      },
    };
  },

  answer: (...answer) => ({ ...plainAnswer(...answer), isBase64Encoded: false }),
};
