import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  MemoryPersistenceLayer,
  NIST_AAL1,
  NIST_AAL2,
  NIST_AAL3,
  readableCodec,
  Sessions,
  type SessionsOptions,
} from '../../../src/index.js';
import { resolveOptions } from '../../../src/core/options.js';

const DAY = 86_400;

describe('the options of Sessions', () => {
  it('have defaults', () => {
    const { persistence, codec, clock, onEvent, ...rest } = resolveOptions({});
    expect(rest).toEqual({
      idleTimeout: DAY,
      absoluteTimeout: 30 * DAY,
      touchInterval: 300,
      rotationInterval: 3_600,
      rotationGrace: 120,
      reuse: 'revoke',
      acceptRemoteIp: { ipv4Bits: 32, ipv6Bits: 64, otherwise: 'ignore' },
      acceptChangingUserAgent: { otherwise: 'ignore' },
      revocationCheck: 'touch',
      maxSessionsPerUser: Number.POSITIVE_INFINITY,
      freezesValues: true,
    });
    expect(persistence).toBeInstanceOf(MemoryPersistenceLayer);
    expect(codec).toBe(readableCodec);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    expect(onEvent({ type: 'expired', at: new Date() })).toBeUndefined();
  });

  it.each<[SessionsOptions, Partial<ReturnType<typeof resolveOptions>>]>([
    [{ idleTimeout: 60 }, { touchInterval: 6, absoluteTimeout: 30 * DAY }],
    [{ idleTimeout: 1 }, { touchInterval: 0 }],
    [{ idleTimeout: 40 * DAY }, { touchInterval: 300, absoluteTimeout: 40 * DAY }],
    [
      { acceptRemoteIp: { otherwise: 'destroy' } },
      { acceptRemoteIp: { ipv4Bits: 32, ipv6Bits: 64, otherwise: 'destroy' } },
    ],
    [
      { acceptRemoteIp: { ipv4Bits: 0, otherwise: 'report' } },
      { acceptRemoteIp: { ipv4Bits: 0, ipv6Bits: 64, otherwise: 'report' } },
    ],
    [{ rotationInterval: false }, { rotationInterval: false }],
    [NIST_AAL1, { idleTimeout: 30 * DAY, absoluteTimeout: 30 * DAY }],
    [NIST_AAL2, { idleTimeout: 3_600, absoluteTimeout: DAY }],
    [NIST_AAL3, { idleTimeout: 900, absoluteTimeout: 43_200 }],
  ])('%j give %j', (options, resolved) => {
    expect(resolveOptions(options)).toMatchObject(resolved);
  });

  it.each<SessionsOptions>([
    { idleTimeout: 1 },
    { idleTimeout: 400 * DAY },
    { idleTimeout: 10, absoluteTimeout: 10 },
    { absoluteTimeout: 400 * DAY },
    { touchInterval: 0 },
    { idleTimeout: 100, touchInterval: 99 },
    { rotationInterval: 0 },
    { rotationGrace: 0 },
    { acceptRemoteIp: { ipv4Bits: 0, ipv6Bits: 0, otherwise: 'ignore' } },
    { maxSessionsPerUser: 1 },
    { maxSessionsPerUser: 10_000 },
  ])('may be as far out as %j', (options) => {
    expect(() => new Sessions(options)).not.toThrow();
  });

  const notSeconds = [-1, 0.5, NaN, Infinity, 400 * DAY + 1, '60', true, {}, 60n];
  const invalid: readonly [option: string, values: readonly unknown[]][] = [
    ['idleTimeout', [...notSeconds, 0, false]],
    ['absoluteTimeout', [...notSeconds, 0, DAY - 1, false]],
    ['touchInterval', [...notSeconds, DAY, false]],
    ['rotationInterval', notSeconds],
    ['rotationGrace', [...notSeconds, false]],
    ['reuse', ['ignore', '', 5, false]],
    ['revocationCheck', ['often', '', 5, false]],
    ['maxSessionsPerUser', [0, -1, 1.5, NaN, Infinity, 10_001, '5', null, false]],
    ['persistence', [null, {}, 'memory', 5, false, class {}, { loadSession: () => {} }]],
    ['codec', [{}, JSON, { encode: () => '' }, { decode: () => '' }, 'json']],
    ['encryption', [true, {}, 'on', () => ({})]],
    ['clock', [{}, { now: 5 }, 5, 'utc']],
    ['onEvent', [{}, 'log', 5, true]],
    [
      'acceptRemoteIp',
      ['ignore', 5, true, { otherwise: 'refuse' }, {}, { ipv4Bits: 24 }, { bits: 24, otherwise: 'report' }, []],
    ],
    ['acceptRemoteIp.ipv4Bits', [-1, 33, 0.5, NaN, '24', false].map((ipv4Bits) => ({ ipv4Bits, otherwise: 'report' }))],
    ['acceptRemoteIp.ipv6Bits', [-1, 65, 128, 0.5, NaN, '64'].map((ipv6Bits) => ({ ipv6Bits, otherwise: 'report' }))],
    [
      'acceptChangingUserAgent',
      ['ignore', 5, true, {}, { otherwise: 'refuse' }, { otherwise: 'report', strict: true }],
    ],
  ];
  const rows = invalid.flatMap(([option, values]) => values.map((value) => [option, value] as const));

  it.each(rows)('refuse for %s what it cannot be, and name it: %o', (option, value) => {
    const options = { [option.split('.')[0] as string]: value };
    const error = errorOf(() => new Sessions(options as SessionsOptions));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error?.message).toContain(option);
    expect(error?.message).toMatch(/expected/);
  });

  it.each([
    ['idelTimeout', { idelTimeout: 5 }],
    ['acceptRemoteIp.ipv4bits', { acceptRemoteIp: { ipv4bits: 5, otherwise: 'report' } }],
    ['acceptChangingUserAgent.policy', { acceptChangingUserAgent: { policy: 'x', otherwise: 'report' } }],
    ['cookie', { cookie: {} }],
    ['__proto__', JSON.parse('{"__proto__":5}')],
  ])('refuse an unknown one, and name it: %s', (name, options) => {
    const error = errorOf(() => new Sessions(options as SessionsOptions));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error?.message).toContain(`Unknown option ${name};`);
    expect(error?.message).toContain('expected one of');
  });

  it.each([
    ['options', null],
    ['options', 'memory'],
    ['options', 5],
    ['acceptRemoteIp', { acceptRemoteIp: null }],
  ])('refuse %s that are no object: %j', (name, options) => {
    const error = errorOf(() => new Sessions(options as unknown as SessionsOptions));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error?.message).toContain(name);
  });

  it('refuse timeouts that contradict each other', () => {
    expect(() => new Sessions({ idleTimeout: 100, absoluteTimeout: 99 })).toThrow(
      /absoluteTimeout is 99; expected a whole number of seconds from 100/,
    );
    expect(() => new Sessions({ idleTimeout: 100, touchInterval: 100 })).toThrow(
      /touchInterval is 100; expected a whole number of seconds from 0 to 99/,
    );
  });

  it('say of a wrong value what kind it is, but do not show it', () => {
    expect(() => new Sessions({ reuse: 'hunter2' as 'revoke' })).toThrow(/^(?!.*hunter2).*a value of type string/);
  });
});

function errorOf(act: () => unknown): Error | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
