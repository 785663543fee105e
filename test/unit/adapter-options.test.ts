import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../src/index.js';
import { honoSession } from '../../src/hono/index.js';
import { LambdaSessions, sessionAuthorizer, withSession, withStreamingSession } from '../../src/lambda/index.js';
import { sessionMiddleware } from '../../src/middy/index.js';
import { JarSessions, WebSessions, withSession as withWebSession } from '../../src/web/index.js';
import { LambdaWorld } from './lambda/lambda-world.js';
import { awslambda } from './lambda/runtime.js';

const { sessions } = new LambdaWorld();
const handler = (): never => {
  throw new Error('the handler was called');
};

interface Adapter {
  readonly name: string;
  /** Makes the adapter; it is handed options that do not compile. */
  readonly make: (options: never) => unknown;
  readonly options: readonly string[];
}

const adapters: readonly Adapter[] = [
  { name: 'LambdaSessions', make: (options) => new LambdaSessions(sessions, options), options: ['cookie', 'csrf'] },
  {
    name: 'withSession of ./lambda',
    make: (options) => withSession(sessions, handler, options),
    options: ['cookie', 'csrf', 'create', 'onStoreError'],
  },
  {
    name: 'withStreamingSession',
    make: (options) => withStreamingSession(sessions, handler, options),
    options: ['cookie', 'csrf'],
  },
  {
    name: 'sessionAuthorizer',
    make: (options) => sessionAuthorizer(sessions, options),
    options: ['cookie', 'authorize', 'context'],
  },
  { name: 'WebSessions', make: (options) => new WebSessions(sessions, options), options: ['cookie', 'csrf'] },
  {
    name: 'JarSessions',
    make: (options) => new JarSessions(sessions, options),
    options: ['cookie', 'csrf', 'isAnswer'],
  },
  {
    name: 'withSession of ./web',
    make: (options) => withWebSession(sessions, handler, options),
    options: ['cookie', 'csrf', 'create', 'address', 'onStoreError'],
  },
  {
    name: 'honoSession',
    make: (options) => honoSession(sessions, options),
    options: ['cookie', 'csrf', 'create', 'address', 'onStoreError'],
  },
  {
    name: 'sessionMiddleware',
    make: (options) => sessionMiddleware(sessions, options),
    options: ['cookie', 'csrf', 'create', 'onStoreError'],
  },
];

beforeAll(() => void vi.stubGlobal('awslambda', awslambda));
afterAll(() => void vi.unstubAllGlobals());

describe.each(adapters)('the options of $name', ({ make, options }) => {
  const refusal = (given: unknown): unknown => {
    try {
      make(given as never);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('are all named when one is unknown', () => {
    const message = `Unknown option cookies; expected one of ${options.join(', ')}.`;
    expect(refusal({ cookies: {} })).toEqual(new ConfigurationError(message));
  });

  it('are an object', () => {
    expect(refusal(null)).toEqual(new ConfigurationError('Option options is null; expected an object.'));
  });

  it.each(options)('are refused for a value of another kind: %s', (name) => {
    const kind = { cookie: 'an object', csrf: 'an object', create: 'a boolean' }[name] ?? 'a function';
    const message = `Option ${name} is a value of type string; expected ${kind}.`;
    expect(refusal({ [name]: 'false' })).toEqual(new ConfigurationError(message));
    expect(refusal({ [name]: null })).toBeInstanceOf(ConfigurationError);
    expect(refusal({ [name]: undefined })).toBeUndefined();
  });
});

describe('a handler that is missing', () => {
  it.each([
    ['withSession of ./lambda', () => withSession(sessions, undefined as never)],
    ['withStreamingSession', () => withStreamingSession(sessions, undefined as never)],
    ['withSession of ./web', () => withWebSession(sessions, undefined as never)],
  ])('is refused by %s when it is called', (_name, make) => {
    expect(make).toThrow(new ConfigurationError('Option handler is undefined; expected a function.'));
  });
});
