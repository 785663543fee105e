import { describe, expect, it } from 'vitest';
import { type CookieOptions, SessionCookie } from '../../../src/cookies/index.js';
import { ConfigurationError } from '../../../src/core/errors.js';

/** Constructs with options that the types do not admit, as JavaScript can, and returns what it threw. */
function rejection(options: unknown): Error {
  try {
    new SessionCookie(options as CookieOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as Error;
  }
  throw new Error('the options were accepted');
}

type Choices = Record<string, readonly unknown[]>;

/** `{ a: [1, 2], b: [3] }` to `[{ a: 1, b: 3 }, { a: 2, b: 3 }]`. */
function everyCombination<const T extends Choices>(choices: T): { [K in keyof T]: T[K][number] }[] {
  return Object.entries(choices).reduce<Record<string, unknown>[]>(
    (rows, [key, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [key]: value }))),
    [{}],
  ) as { [K in keyof T]: T[K][number] }[];
}

describe('combinations that browsers refuse', () => {
  it.each([
    [{ domain: 'example.com' }, 'domain', 'absent with a "__Host-" name (the default is "__Host-id")', '__Secure-id'],
    [{ path: '/app' }, 'path', '"/" with a "__Host-" name (the default is "__Host-id")', '__Secure-id'],
    [{ secure: false }, 'secure', 'true with a "__Host-" name (the default is "__Host-id")', 'id'],
    [
      { name: '__Secure-sid', secure: false },
      'secure',
      'true with a "__Secure-" name (the default is "__Host-id")',
      'id',
    ],
  ])('C1: throw, and say what to do: %j', (options, option, expected, name) => {
    expect(rejection(options).message).toContain(
      `Option cookie.${option} must be ${expected}: browsers refuse it otherwise. Or choose a name `,
    );
    expect(rejection(options).message).toContain(`such as "${name}".`);
  });

  it.each([
    [{ name: 'sid', secure: false, sameSite: 'None' }, 'sameSite "None"'],
    [{ name: 'sid', secure: false, partitioned: true }, 'partitioned'],
  ])('C1: throw for what only a secure cookie may be: %j', (options, cause) => {
    expect(rejection(options).message).toBe(
      `Option cookie.secure must be true with ${cause}: browsers refuse it otherwise.`,
    );
  });

  it('leave the possible ones', () => {
    const possible: CookieOptions[] = [
      {},
      { sameSite: 'None', partitioned: true },
      { name: '__Host-sid', path: '/', secure: true, sameSite: 'Strict' },
      { name: '__Host-Http-sid' },
      { name: '__Secure-sid', domain: 'example.com', path: '/app', sameSite: 'None', partitioned: true },
      { name: '__Http-sid', domain: 'example.com', path: '/app' },
      { name: 'sid', domain: 'example.com', path: '/app', sameSite: 'None' },
      { name: '_session_id', secure: false, partitioned: false },
      { name: 'my__Host-id', secure: false },
      { name: 'SESSION', secure: false, sameSite: 'Strict' },
    ];
    for (const options of possible) expect(new SessionCookie(options).name).toBe(options.name ?? '__Host-id');
  });

  it('C1: are found under every capitalisation of a prefix, as in browsers (RFC 6265bis §5.4)', () => {
    for (const prefix of ['__host-', '__HOST-', '__hOsT-', '__host-http-', '__HOST-HTTP-']) {
      expect(rejection({ name: `${prefix}id`, domain: 'example.com' }).message).toContain(
        'cookie.domain must be absent',
      );
      expect(rejection({ name: `${prefix}id`, path: '/app' }).message).toContain('cookie.path must be "/"');
      expect(rejection({ name: `${prefix}id`, secure: false }).message).toContain('cookie.secure must be true');
    }
    for (const prefix of ['__secure-', '__SECURE-', '__http-', '__HTTP-', '__hTTp-']) {
      expect(rejection({ name: `${prefix}id`, secure: false }).message).toContain('cookie.secure must be true');
    }
  });

  it('C1: are found in every combination, and the rest are accepted', () => {
    const combinations = everyCombination({
      name: [
        undefined,
        '__Host-id',
        '__host-id',
        '__Host-Http-id',
        '__Secure-id',
        '__SECURE-id',
        '__Http-id',
        'id',
        '__id',
      ],
      path: [undefined, '/', '/app'],
      domain: [undefined, 'example.com'],
      secure: [undefined, true, false],
      sameSite: [undefined, 'Lax', 'Strict', 'None'],
      partitioned: [undefined, true, false],
    });
    for (const options of combinations) {
      const { name = '__Host-id', path = '/', domain, secure = true, sameSite, partitioned } = options;
      const oneHost = path === '/' && domain === undefined;
      const needsSecure = /^__(host|secure|http)-/i.test(name) || sameSite === 'None' || partitioned === true;
      const possible = (oneHost || !/^__host-/i.test(name)) && (secure || !needsSecure);
      if (possible) expect(new SessionCookie(options as CookieOptions).name).toBe(name);
      else rejection(options);
    }
    expect(combinations).toHaveLength(9 * 3 * 2 * 3 * 4 * 3);
  });
});

describe('options of the wrong kind', () => {
  it('are refused by name, kind and what was expected', () => {
    expect(rejection({ name: 7 }).message).toMatch(/^Option cookie\.name is 7; expected 1 to 1,024 characters /);
    expect(rejection({ path: null }).message).toMatch(/^Option cookie\.path is null; expected an absolute path /);
    expect(rejection({ domain: ['a'] }).message).toMatch(/^Option cookie\.domain is a value of type object; expected /);
    expect(rejection({ secure: 'yes' }).message).toBe(
      'Option cookie.secure is a value of type string; expected a boolean.',
    );
    expect(rejection({ sameSite: true }).message).toMatch(/^Option cookie\.sameSite is a value of type boolean; /);
    expect(rejection({ sameSite: 'none' }).message).toMatch(/expected one of Lax, Strict, None\.$/);
    expect(rejection({ partitioned: {} }).message).toMatch(/^Option cookie\.partitioned is a value of type object; /);
    for (const options of [null, 'name', 7, [], () => 1]) {
      expect(rejection(options).message).toMatch(/^Option cookie is .*; expected an object\.$/);
    }
  });

  it('are not accepted for what they turn into: an object with toString is no string', () => {
    const disguised = { toString: () => 'id' };
    for (const option of ['name', 'path', 'domain', 'sameSite']) {
      expect(rejection({ [option]: disguised }).message).toContain('is a value of type object; expected');
    }
    expect(rejection({ name: new String('id') }).message).toContain('is a value of type object; expected');
  });

  it('C4: a getter is read once, so that what was checked is what is written', () => {
    let reads = 0;
    const cookie = new SessionCookie({
      name: 'id',
      get path() {
        return reads++ === 0 ? '/' : '/; Domain=evil.example';
      },
    });
    expect(cookie.clear()).toBe(
      'id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    );
  });

  it('C4: a polluted Object.prototype changes nothing', () => {
    const polluted = Object.prototype as { sameSite?: string };
    polluted.sameSite = 'None';
    try {
      expect(new SessionCookie({}).clear()).toContain('SameSite=Lax');
    } finally {
      delete polluted.sameSite;
    }
  });

  it('unknown options are an error that says which there are', () => {
    expect(rejection({ httpOnly: true }).message).toBe(
      'Unknown option cookie.httpOnly; expected one of name, path, domain, secure, sameSite, partitioned. ' +
        'HttpOnly is always set, and Max-Age follows the session.',
    );
    for (const key of ['Name', 'maxAge', 'expires', 'samesite', 'toString', 'constructor', '']) {
      expect(rejection({ [key]: undefined }).message).toContain(`Unknown option cookie.${key};`);
    }
    expect(rejection({ 'a\r\nX: y': 1 }).message).not.toMatch(/[\r\n]/);
  });

  it('undefined means the default', () => {
    const options: unknown = { name: undefined, path: undefined, domain: undefined, secure: undefined };
    expect(new SessionCookie(options as CookieOptions).clear()).toBe(new SessionCookie().clear());
  });
});

describe('the grammar of options', () => {
  it('a name is an RFC 9110 token', () => {
    for (const name of ['id', 'SESSION', '_id', '0', "!#$%&'*+-.^_`|~", 'a'.repeat(1024)]) {
      expect(new SessionCookie({ name }).name).toBe(name);
    }
    for (const name of [
      '',
      ' ',
      'a b',
      'a=b',
      'a;b',
      'a,b',
      '"a"',
      'a\n',
      'a\0',
      'é',
      ' id',
      '[id]',
      'a'.repeat(1025),
    ]) {
      expect(rejection({ name }).message).toContain('cookie.name');
    }
  });

  it('C6: a path is absolute, in URL characters, of at most 1,024 octets', () => {
    for (const path of ['/', '/app', '/app/', '/a%20b', "/-._~!$&'()*+=:@", `/${'a'.repeat(1023)}`]) {
      expect(new SessionCookie({ name: 'id', path }).clear()).toContain(`; Path=${path}; `);
    }
    for (const path of [
      '',
      'app',
      ' /',
      '/ ',
      '/a b',
      '/;',
      '/a;Domain=b',
      '/c,d=e',
      '/?a',
      '/#a',
      '/é',
      '/\r\n',
      '/\0',
      `/${'a'.repeat(1024)}`,
    ]) {
      expect(rejection({ name: 'id', path }).message).toContain('cookie.path');
    }
  });

  it('C6: a domain is a host name in ASCII', () => {
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    for (const domain of ['localhost', 'example.com', 'EXAMPLE.com', 'a.b-c.d', 'xn--bcher-kva.example', longest]) {
      expect(new SessionCookie({ name: 'id', domain }).clear()).toContain(`; Domain=${domain}; `);
    }
    const malformed = [
      '',
      '.',
      '.example.com',
      'example.com.',
      'a..b',
      '-a.b',
      'a-.b',
      'a b',
      'a;b',
      'a,b',
      'a\n',
      'bücher.example',
      'https://a',
      'a:80',
      '*.a',
      '[::1]',
      'a_b.c',
      `${'a'.repeat(64)}.b`,
      `${longest}e`,
      `a.${longest}`,
    ];
    for (const domain of malformed) {
      expect(rejection({ name: 'id', domain }).message).toContain('cookie.domain');
    }
  });

  it('no message repeats a value', () => {
    for (const option of ['name', 'path', 'domain', 'sameSite']) {
      expect(rejection({ [option]: 'hunter2;\r\n' }).message).not.toMatch(/hunter2|[\r\n]/);
    }
  });
});
