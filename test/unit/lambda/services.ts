import type { LambdaEvent } from '../../../src/lambda/index.js';
import {
  albMultiEvent,
  albSingleEvent,
  emulatedHttpApiEvent,
  functionUrlEvent,
  httpApiEvent,
  type RequestOptions,
  restApiEvent,
  vpcLatticeEvent,
} from './events.js';

/** An HTTP response, as the client gets it. */
export interface Response {
  readonly statusCode: number;
  /** By lower-case name, without Set-Cookie. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** Where a handler can put headers in its result. */
export type Place = 'headers' | 'multiValueHeaders' | 'cookies';

/** One event source: how it asks a Lambda, and what it makes of the answer. */
export interface Service {
  readonly name: string;
  event(options?: RequestOptions): LambdaEvent;
  /** Throws where the service would answer with a 502. */
  receive(result: unknown): Response;
  /** The places from which this service sends a handler's own cookies. */
  readonly places: readonly Place[];
}

type Values = readonly (readonly [name: string, value: string])[];

interface Structured {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly unknown[]>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
}

/** Every event source, as its documentation describes it. */
export const services: readonly Service[] = [
  { name: 'HTTP API', event: httpApiEvent, receive: payload2, places: ['headers', 'cookies'] },
  { name: 'Function URL', event: functionUrlEvent, receive: payload2, places: ['headers', 'cookies'] },
  { name: 'emulated HTTP API', event: emulatedHttpApiEvent, receive: payload2, places: ['headers', 'cookies'] },
  { name: 'REST API', event: restApiEvent, receive: payload1, places: ['headers', 'multiValueHeaders'] },
  { name: 'ALB with single headers', event: albSingleEvent, receive: albSingle, places: ['headers'] },
  { name: 'ALB with multi-value headers', event: albMultiEvent, receive: albMulti, places: ['multiValueHeaders'] },
  { name: 'VPC Lattice', event: vpcLatticeEvent, receive: lattice, places: ['headers'] },
];

/** What a name stands for in {@link services}. */
export function serviceOf(name: string): Service {
  const service = services.find((candidate) => candidate.name === name);
  if (service === undefined) throw new Error(`no event source is called ${name}`);
  return service;
}

/** The runtime sends the result as JSON, and nothing as `null`. */
function sent(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result === undefined ? null : result));
}

/**
 * What has no status code is the body of a 200. Whether a Set-Cookie among the headers is sent besides `cookies` is
 * nowhere promised ("don't manually add set-cookie headers; use the cookies array"), so here it is not.
 */
function payload2(result: unknown): Response {
  const answer = sent(result);
  if (!isStructured(answer)) {
    const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
    return responseOf(200, [['content-type', 'application/json']], body);
  }
  const { headers = {}, cookies = [], body } = answer;
  const single = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const fromHeaders = cookies.length > 0 ? single.filter(([name]) => name.toLowerCase() !== 'set-cookie') : single;
  return responseOf(
    answer.statusCode,
    [...fromHeaders, ...cookies.map((cookie) => ['set-cookie', cookie] as const)],
    body,
  );
}

/** Both kinds of headers are sent; a field that it does not know is a malformed answer. */
function payload1(result: unknown): Response {
  const answer = sent(result);
  if (!isStructured(answer)) throw new Error('502: malformed Lambda proxy response');
  const known = ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'];
  if (Object.keys(answer).some((key) => !known.includes(key))) throw new Error('502: malformed Lambda proxy response');
  const several = severalOf(answer);
  const singly = singleOf(answer).filter(
    ([name, value]) => !several.some(([other, same]) => other === name && same === value),
  );
  return responseOf(answer.statusCode, [...singly, ...several], answer.body);
}

/** Names are told apart by their case, so that a header can be there more than once. */
function albSingle(result: unknown): Response {
  const answer = sent(result);
  if (!isStructured(answer)) throw new Error('502: the target group got no status code');
  return responseOf(answer.statusCode, singleOf(answer), answer.body);
}

/** With multi-value headers on, single ones are not looked at. */
function albMulti(result: unknown): Response {
  const answer = sent(result);
  if (!isStructured(answer)) throw new Error('502: the target group got no status code');
  return responseOf(answer.statusCode, severalOf(answer), answer.body);
}

/** A header is one value or a list; no other field has any. */
function lattice(result: unknown): Response {
  const answer = sent(result);
  if (!isStructured(answer)) throw new Error('502: the target group got no status code');
  const values = Object.entries(answer.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, String(each)] as const),
  );
  return responseOf(answer.statusCode, values, answer.body);
}

function isStructured(answer: unknown): answer is Structured {
  return typeof answer === 'object' && answer !== null && (answer as Structured).statusCode !== undefined;
}

function singleOf({ headers = {} }: Structured): Values {
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

function severalOf({ multiValueHeaders = {} }: Structured): Values {
  return Object.entries(multiValueHeaders).flatMap(([name, values]) =>
    values.map((value) => [name, String(value)] as const),
  );
}

function responseOf(statusCode: unknown, values: Values, body = ''): Response {
  const headers: Record<string, string[]> = {};
  const setCookies: string[] = [];
  for (const [name, value] of values) {
    const lower = name.toLowerCase();
    if (lower === 'set-cookie') setCookies.push(value);
    else (headers[lower] ??= []).push(value);
  }
  return { statusCode: Number(statusCode), headers, setCookies, body };
}
