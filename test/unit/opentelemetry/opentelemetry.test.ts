import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError, MemoryPersistenceLayer, Sessions } from '../../../src/index.js';
import { countEvents, tellAll, traceEvents } from '../../../src/opentelemetry/index.js';
import { secretsIn } from '../../world/secrets.js';
import { ALL_EVENTS, DETAILS, EVENTS } from '../powertools/events.js';
import { Telemetry } from './telemetry.js';

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = new Telemetry();
});
afterEach(() => telemetry[Symbol.asyncDispose]());

describe('traceEvents', () => {
  it.each(ALL_EVENTS)('adds $type to the active span, with its details', async (event) => {
    const span = await telemetry.spanOf(() => traceEvents()(event));
    const details = Object.entries(DETAILS[event.type]).map(([name, value]) => [`session.${name}`, value]);
    expect(span.events.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      {
        name: `session.${event.type}`,
        attributes: {
          ...(event.session === undefined ? {} : { 'session.id': 'digest-1' }),
          ...Object.fromEntries(details),
          ...('error' in event ? { 'error.type': 'Error' } : {}),
        },
      },
    ]);
    expect(span.attributes).toEqual(event.session === undefined ? {} : { 'session.id': 'digest-1' });
  });

  it('names the user only if it is told to', async () => {
    const silent = await telemetry.spanOf(() => traceEvents()(EVENTS.created));
    expect(JSON.stringify([silent.events, silent.attributes])).not.toContain('ann@example.com');
    const named = await telemetry.spanOf(() => traceEvents({ userId: true })(EVENTS.created));
    expect(named.events[0]?.attributes).toMatchObject({ 'user.id': 'ann@example.com' });
  });

  it('leaves a request without a span alone', () => {
    expect(() => traceEvents()(EVENTS.created)).not.toThrow();
    expect(telemetry.exported).toEqual([]);
  });

  it('refuses an unknown option', () => {
    expect(() => traceEvents({ user: true } as never)).toThrow(ConfigurationError);
  });
});

describe('countEvents', () => {
  it('counts each event by its type, and by nothing else', async () => {
    const count = countEvents();
    for (const event of [...ALL_EVENTS, EVENTS.created]) count(event);
    const expected = ALL_EVENTS.map(({ type }) => [
      JSON.stringify({ 'session.event': type }),
      type === 'created' ? 2 : 1,
    ]);
    expect(await telemetry.counts()).toEqual(Object.fromEntries(expected));
  });
});

describe('what OpenTelemetry exports', () => {
  it('tells the life of a session in the spans of its requests, and holds no secret', async () => {
    const onEvent = tellAll(traceEvents({ userId: true }), countEvents());
    const sessions = new Sessions({ persistence: new MemoryPersistenceLayer(), onEvent });
    const tokens: string[] = [];
    const told: string[] = [];
    for (const act of ['logIn', 'regenerate', 'logOut'] as const) {
      const span = await telemetry.spanOf(async () => {
        const session = await sessions.start({ tokens: tokens.slice(-1) });
        await session[act]('user-1' as never);
        const action = await session.commit();
        if (action.kind === 'set') tokens.push(action.token);
      });
      told.push(...span.events.map(({ name }) => name));
    }
    expect(told).toEqual(expect.arrayContaining(['session.logged-in', 'session.rotated', 'session.logged-out']));
    await telemetry.counts();
    expect(tokens.length).toBeGreaterThanOrEqual(2);
    const [ids, secrets] = [0, 1].map((half) => tokens.map((token) => token.split('.')[half] as string));
    expect(secretsIn(telemetry.exported, secrets as string[])).toEqual([]);
    expect(secretsIn(telemetry.exported, ids as string[])).toEqual([]);
  });
});
