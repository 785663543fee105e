import { Tracer } from '@aws-lambda-powertools/tracer';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import middy from '@middy/core';
import xray, { type Segment } from 'aws-xray-sdk-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../../src/index.js';
import { withSession } from '../../../src/lambda/index.js';
import { annotateTraces } from '../../../src/powertools/index.js';
import { httpApiEvent } from '../lambda/events.js';
import { contextOf } from '../lambda/lambda-world.js';
import { ALL_EVENTS, DETAILS, EVENTS } from './events.js';

interface Trace {
  readonly annotations: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** What X-Ray would be sent of a (sub)segment. */
function sent(segment: Pick<Segment, 'format'> | undefined): Trace {
  const { annotations = {}, metadata = {} } = JSON.parse(segment?.format() ?? '{}') as Partial<Trace>;
  return { annotations, metadata };
}

/** Does something where Powertools would run a handler. */
function traced(handle: () => void): Trace {
  return xray.getNamespace().runAndReturn(() => {
    const subsegment = new xray.Segment('function').addNewSubsegment('## index.handler');
    xray.setSegment(subsegment);
    handle();
    return sent(subsegment);
  });
}

describe('annotateTraces, with the Tracer of Powertools', () => {
  let tracer: Tracer;

  beforeAll(() => {
    vi.stubEnv('AWS_EXECUTION_ENV', 'AWS_Lambda_nodejs24.x'); // elsewhere the tracer is off
    tracer = new Tracer({ serviceName: 'shop', captureHTTPsRequests: false });
    vi.unstubAllEnvs();
    xray.setContextMissingStrategy('IGNORE_ERROR'); // as Powertools has it, if it is loaded first
  });
  afterAll(() => vi.restoreAllMocks());

  it.each(ALL_EVENTS)('annotates a trace in which $type happens, with its details beside', (event) => {
    const { type, session } = event;
    const details = DETAILS[type];
    expect(traced(() => annotateTraces(tracer)(event))).toEqual({
      annotations: {
        [`session_${type.replaceAll('-', '_')}`]: true,
        ...(session !== undefined && { session_digest: session }),
      },
      metadata: Object.keys(details).length === 0 ? {} : { 'dynamodb-sessions': { [type]: details } },
    });
  });

  it('keeps all that happens in one request', () => {
    const { annotations, metadata } = traced(() => {
      for (const event of ALL_EVENTS) annotateTraces(tracer)(event);
    });
    expect(Object.keys(annotations)).toHaveLength(ALL_EVENTS.length + 1);
    expect(metadata).toMatchObject({
      'dynamodb-sessions': { reused: { outcome: 'revoked' }, revoked: { reason: 'by-id' } },
    });
  });

  it('names the user only if asked to', () => {
    const unasked = traced(() => {
      for (const event of ALL_EVENTS) annotateTraces(tracer)(event);
    });
    expect(JSON.stringify(unasked)).not.toContain('ann@example.com');
    const { annotations } = traced(() => annotateTraces(tracer, { userId: true })(EVENTS['logged-in']));
    expect(annotations).toMatchObject({ session_user_id: 'ann@example.com' });
  });

  it('annotates the handler’s trace with what the final write does, and has no secret in it', async () => {
    const sessions = new Sessions<{ cart: string[] }>({ onEvent: annotateTraces(tracer) });
    const answer = withSession(sessions, (_event, session) => {
      session.set('cart', ['a present']);
      return { statusCode: 200 };
    });
    const handler = middy(answer).use(captureLambdaHandler(tracer, { captureResponse: false }));
    const facade = new xray.Segment('function');
    const result = await xray.getNamespace().runAndReturn(() => {
      xray.setSegment(facade);
      return handler(httpApiEvent({}), contextOf(60_000) as never);
    });

    const trace = sent(facade.subsegments?.[0]);
    expect(trace.annotations).toMatchObject({ session_created: true, session_digest: expect.any(String) });
    const [cookie = ''] = (result as { cookies: string[] }).cookies;
    const [id = '', secret = ''] = /=([^;]+)/.exec(cookie)?.[1]?.split('.') ?? [];
    expect(secret).not.toBe('');
    for (const hidden of [id, secret, 'a present']) expect(JSON.stringify(trace)).not.toContain(hidden);
  });

  it('does nothing, and throws nothing, where nothing is traced', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (const event of ALL_EVENTS) {
      annotateTraces(tracer)(event); // outside of any segment
      annotateTraces(new Tracer({ enabled: false }))(event);
    }
    expect(warn).toHaveBeenCalled(); // Powertools' own words, of the first
  });

  it('refuses what is no tracer, and options that it does not have', () => {
    expect(() => annotateTraces({} as Tracer)).toThrow(
      'Option tracer.putAnnotation is undefined; expected a function.',
    );
    expect(() => annotateTraces(tracer, { user: true } as object)).toThrow('Unknown option user');
  });
});
