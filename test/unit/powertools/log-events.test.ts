import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from 'vitest';
import { type SessionEvent, StoreUnavailableError } from '../../../src/index.js';
import { logEvents } from '../../../src/powertools/index.js';
import { ALL_EVENTS, DETAILS, EVENTS } from './events.js';
import { captureOutput } from './output.js';

describe('logEvents, with the Logger of Powertools', () => {
  const output = captureOutput();
  const logger = new Logger({ serviceName: 'shop', logLevel: 'DEBUG' });

  it.each(ALL_EVENTS)('writes one line of JSON for $type, with what the event says', (event) => {
    logEvents(logger)(event);
    const { type, session } = event;
    expect(output.lines()).toEqual([
      expect.objectContaining({
        service: 'shop',
        message: expect.stringMatching(/^[A-Z].*\.$/),
        sessionEvent: {
          type,
          at: '2026-11-24T10:00:00.000Z',
          ...(session !== undefined && { session }),
          ...DETAILS[type],
        },
      }),
    ]);
  });

  it('warns of what somebody should look into, and keeps everyday traffic for debugging', () => {
    for (const event of ALL_EVENTS) logEvents(logger)(event);
    const levels = output.lines().map(({ level, sessionEvent }) => [(sessionEvent as SessionEvent).type, level]);
    expect(Object.fromEntries(levels)).toEqual({
      created: 'DEBUG',
      rotated: 'DEBUG',
      'bound-again': 'DEBUG',
      expired: 'DEBUG',
      'logged-in': 'INFO',
      'logged-out': 'INFO',
      bound: 'INFO',
      revoked: 'INFO',
      'provider-logout': 'INFO',
      'provider-logout-refused': 'WARN',
      destroyed: 'INFO',
      'lost-write': 'INFO',
      'csrf-refused': 'INFO',
      reused: 'WARN',
      'binding-refused': 'WARN',
      anomaly: 'WARN',
      unreadable: 'WARN',
      'everyone-logged-out': 'WARN',
      'store-failure': 'ERROR',
    });
  });

  it('names the user only if asked to', () => {
    for (const event of ALL_EVENTS) logEvents(logger)(event);
    expect(JSON.stringify(output.lines())).not.toContain('ann@example.com');
    logEvents(logger, { userId: true })(EVENTS['logged-in']);
    expect(output.lines().at(-1)).toMatchObject({ sessionEvent: { userId: 'ann@example.com' } });
  });

  it('names a user whose ID is a bigint', () => {
    logEvents(logger, { userId: true })({ ...EVENTS['logged-in'], userId: 2n ** 60n });
    expect(output.lines()).toMatchObject([{ sessionEvent: { userId: '1152921504606846976' } }]);
  });

  it('says why the store failed, with the cause', () => {
    const cause = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $fault: 'client' });
    const error = new StoreUnavailableError('DynamoDB did not do what it was asked.', { retryable: true, cause });
    logEvents(logger)({ ...EVENTS['store-failure'], error });
    expect(output.lines()).toMatchObject([
      {
        level: 'ERROR',
        error: {
          name: 'StoreUnavailableError',
          message: 'DynamoDB did not do what it was asked.',
          stack: expect.stringContaining('log-events.test'),
          code: 'ERR_SESSION_STORE_UNAVAILABLE',
          retryable: true,
          cause: { name: 'ThrottlingException', message: 'Rate exceeded', $fault: 'client' },
        },
      },
    ]);
  });

  it('writes no data of a session that an error, or its cause, carries', () => {
    const item = { 'data.cart': { S: '["a secret present"]' } };
    const refusal = Object.assign(new Error('The conditional request failed'), { Item: item });
    const error = Object.assign(new Error('It failed.', { cause: refusal }), { item });
    logEvents(logger)({ ...EVENTS['store-failure'], error });
    expect(JSON.stringify(output.lines())).toContain('The conditional request failed');
    expect(JSON.stringify(output.lines())).not.toContain('a secret present');
  });

  it('writes an error that is its own cause', () => {
    const error = new Error('It failed.');
    error.cause = error;
    logEvents(logger)({ ...EVENTS['store-failure'], error });
    expect(output.lines()).toHaveLength(1);
  });

  it('refuses what is no logger, and options that it does not have', () => {
    expect(() => logEvents({} as Logger)).toThrow('Option logger.debug is undefined; expected a function.');
    expect(() => logEvents(logger, { user: true } as object)).toThrow('Unknown option user; expected one of userId.');
    expect(() => logEvents(logger, { userId: 'yes' } as object)).toThrow('Option userId is a value of type string');
  });
});
