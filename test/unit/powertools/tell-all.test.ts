import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { describe, expect, it } from 'vitest';
import { type SessionEvent, Sessions } from '../../../src/index.js';
import { countEvents, logEvents, tellAll } from '../../../src/powertools/index.js';
import { EVENTS } from './events.js';
import { captureOutput } from './output.js';

describe('tellAll', () => {
  const output = captureOutput();

  it('tells each listener, in their order', () => {
    const told: [string, SessionEvent][] = [];
    const listener = (name: string) => (event: SessionEvent) => void told.push([name, event]);
    tellAll(listener('first'), listener('second'))(EVENTS.created);
    expect(told).toEqual([
      ['first', EVENTS.created],
      ['second', EVENTS.created],
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('The listener failed.');
      },
    ],
    ['rejects', () => Promise.reject(new Error('The listener failed.'))],
  ])('tells those after one that %s, and hands the error on', async (_name, failing) => {
    const told: SessionEvent[] = [];
    const telling = tellAll(failing, failing, (event) => told.push(event))(EVENTS.created);
    expect(told).toEqual([EVENTS.created]);
    await expect(telling).rejects.toThrow('The listener failed.');
  });

  it('refuses what is no listener', () => {
    expect(() => tellAll(() => {}, undefined as never)).toThrow(
      'Option listeners.1 is undefined; expected a function.',
    );
  });

  it('lets a session’s life be logged and counted, without its secret, its data or its user', async () => {
    const sessions = new Sessions<{ cart: string[] }>({
      onEvent: tellAll(
        logEvents(new Logger({ serviceName: 'shop', logLevel: 'DEBUG' })),
        countEvents(new Metrics({ namespace: 'Shop', serviceName: 'shop' })),
      ),
    });
    const session = await sessions.start();
    session.set('cart', ['a present']);
    await session.logIn('ann@example.com');
    await session.regenerate();
    const { id } = session;
    const action = await session.commit();
    await sessions.logOutUser('ann@example.com');

    const lines = output.lines();
    const digest = expect.not.stringContaining(id as string);
    expect(lines.flatMap(({ sessionEvent }) => sessionEvent ?? [])).toMatchObject([
      { type: 'created', session: digest },
      { type: 'logged-in', session: digest },
      { type: 'rotated', session: digest, reason: 'regenerate' },
      { type: 'logged-out', everywhere: true },
    ]);
    expect(lines.flatMap(({ _aws, ...line }) => (_aws === undefined ? [] : Object.keys(line).at(-1)))).toEqual([
      'SessionCreated',
      'SessionLoggedIn',
      'SessionRotated',
      'SessionLoggedOut',
    ]);
    const [, secret = ''] = action.kind === 'set' ? action.token.split('.') : [];
    expect(secret).not.toBe('');
    for (const hidden of [secret, id as string, 'a present', 'ann@example.com']) {
      expect(JSON.stringify(lines)).not.toContain(hidden);
    }
  });
});
