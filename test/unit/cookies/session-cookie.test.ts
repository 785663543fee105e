import { parseCookie, parseSetCookie, type SetCookie, stringifySetCookie } from 'cookie';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CookieOptions, SessionCookie } from '../../../src/cookies/index.js';
import { ConfigurationError } from '../../../src/core/errors.js';

const TOKEN = 'AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB';
const DAYS = 24 * 60 * 60;
const asItIs = (text: string): string => text;
const COOKIE_OCTETS = Array.from({ length: 0x7f - 0x21 }, (_, i) => String.fromCharCode(0x21 + i)).filter(
  (c) => !'",;\\'.includes(c),
);

describe('the Set-Cookie header', () => {
  it('C1: the default is a __Host- cookie', () => {
    const cookie = new SessionCookie();
    expect(cookie.name).toBe('__Host-id');
    expect(cookie.write(TOKEN, 30 * DAYS)).toBe(
      `__Host-id=${TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000`,
    );
  });

  it.each<[string, CookieOptions, string]>([
    [
      'C1: another __Host- name',
      { name: '__Host-sid', sameSite: 'Strict' },
      '__Host-sid=t; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60',
    ],
    [
      'C1: a __Host-Http- name',
      { name: '__Host-Http-id' },
      '__Host-Http-id=t; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60',
    ],
    [
      'C1: a __Http- name on a path',
      { name: '__Http-id', path: '/app' },
      '__Http-id=t; Path=/app; Secure; HttpOnly; SameSite=Lax; Max-Age=60',
    ],
    [
      'C1: all subdomains',
      { name: '__Secure-id', domain: 'example.com' },
      '__Secure-id=t; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=60',
    ],
    [
      'C1: plain http for local development',
      { name: 'id', secure: false },
      'id=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60',
    ],
    [
      'C9: embedded in other sites',
      { sameSite: 'None' },
      '__Host-id=t; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=60',
    ],
    [
      'C9: embedded, a cookie for each embedding site (CHIPS)',
      { sameSite: 'None', partitioned: true },
      '__Host-id=t; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=60',
    ],
  ])('%s', (_, options, expected) => {
    expect(new SessionCookie(options).write('t', 60)).toBe(expected);
  });

  it('C5: the clearing cookie repeats Path, Secure, Domain, Partitioned and all else', () => {
    expect(new SessionCookie().clear()).toBe('__Host-id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0');
    const embedded: CookieOptions = {
      name: '__Secure-id',
      path: '/app',
      domain: 'example.com',
      sameSite: 'None',
      partitioned: true,
    };
    expect(new SessionCookie(embedded).clear()).toBe(
      '__Secure-id=; Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=0',
    );
  });

  it('C6: Max-Age is brought within 0 and 400 days, in whole seconds', () => {
    const maxAge = (seconds: number): string | undefined =>
      /; Max-Age=(.*)$/.exec(new SessionCookie().write(TOKEN, seconds))?.[1];
    expect(maxAge(400 * DAYS)).toBe('34560000');
    expect(maxAge(400 * DAYS + 1)).toBe('34560000');
    expect(maxAge(Infinity)).toBe('34560000');
    expect(maxAge(1e21)).toBe('34560000');
    expect(maxAge(59.9)).toBe('59');
    expect(maxAge(1e-7)).toBe('0');
    expect(maxAge(-0)).toBe('0');
    expect(maxAge(-5)).toBe('0');
    expect(maxAge(-Infinity)).toBe('0');
    for (const bad of [NaN, '60', '60; Domain=evil.example', null, undefined, {}, 60n]) {
      expect(() => new SessionCookie().write(TOKEN, bad as number)).toThrow(ConfigurationError);
    }
  });

  it('C6: name and token have at most 4,096 octets together', () => {
    const cookie = new SessionCookie();
    const longest = 'a'.repeat(4096 - '__Host-id'.length);
    expect(cookie.write(longest, 60)).toContain(longest);
    expect(() => cookie.write(`${longest}a`, 60)).toThrow(ConfigurationError);
  });

  it('C4: a token holds cookie-octets only, and the error does not repeat it', () => {
    const bad = [
      '',
      ' ',
      'a b',
      'a;b',
      'a,b',
      '"a"',
      'a\\b',
      'a\r\nSet-Cookie: b=c',
      'a\n',
      '\0',
      '\x7F',
      'é',
      '\u2028',
      null,
      ['a'],
      { toString: () => 'a' },
    ];
    for (const token of bad) {
      expect(() => new SessionCookie().write(token as string, 60)).toThrow(ConfigurationError);
    }
    expect(() => new SessionCookie().write('hunter2;', 60)).toThrow(/^[^2]*$/);
  });

  it('C4: the cookie package reads, and would write, the very cookie that was asked for, or construction fails', () => {
    // Well-formed pieces with hostile ones between them: most strings are refused, enough are accepted.
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        ';',
        ',',
        '=',
        '"',
        ' ',
        '\t',
        '\r',
        '\n',
        '\0',
        '\x7F',
        '\\',
        '%',
        '\u2000',
        '\u0130',
        '; Domain=evil',
      ),
    );
    const around = (good: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc.oneof(
        good,
        hostile,
        fc.tuple(good, hostile, good).map((parts) => parts.join('')),
      );
    const options = fc.record(
      {
        name: around(
          fc.constantFrom(
            '__Host-id',
            '__host-id',
            '__Secure-id',
            '__Http-id',
            '__Host-Http-id',
            'id',
            'Path',
            'domain',
          ),
        ),
        path: around(fc.constantFrom('/', '/app', '/app/%3B')),
        domain: around(fc.constantFrom('example.com', 'localhost', 'a.b-c.d')),
        secure: fc.boolean(),
        sameSite: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('Lax', 'Strict', 'None') }, hostile),
        partitioned: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const token = around(fc.constantFrom(TOKEN, 'a', '='));

    let accepted = 0;
    fc.assert(
      fc.property(options, token, fc.double(), (given, value, maxAge) => {
        let header: string;
        try {
          header = new SessionCookie(given as CookieOptions).write(value, maxAge);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
          return;
        }
        accepted++;
        expect(header).toMatch(/^[\x20-\x2B\x2D-\x7E]*$/);
        const cookie: SetCookie = {
          name: given.name ?? '__Host-id',
          value,
          path: given.path ?? '/',
          httpOnly: true,
          sameSite: (given.sameSite ?? 'Lax').toLowerCase() as 'lax' | 'strict' | 'none',
          maxAge: Math.min(Math.max(Math.floor(maxAge), 0), 400 * DAYS),
          ...(given.domain !== undefined && { domain: given.domain }),
          ...(given.secure !== false && { secure: true }),
          ...(given.partitioned === true && { partitioned: true }),
        };
        expect(parseSetCookie(header, { decode: asItIs })).toEqual(cookie);
        const theirs = stringifySetCookie(cookie, { encode: asItIs });
        expect(header.split('; ').toSorted()).toEqual(theirs.split('; ').toSorted()); // each attribute once
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it('what was written is what is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...COOKIE_OCTETS), minLength: 1, maxLength: 300 }), (token) => {
        const cookie = new SessionCookie();
        const pair = cookie.write(token, 60).split(';')[0] ?? '';
        expect(cookie.tokens([`a=b; ${pair}; c=d`])).toEqual([token]);
      }),
    );
  });
});

describe('the Cookie header', () => {
  const cookie = new SessionCookie();

  it.each<[string, string[], string[]]>([
    ['nothing', [], []],
    ['an empty header', [''], []],
    ['the cookie alone', ['__Host-id=a'], ['a']],
    ['the cookie among others', ['x=1; __Host-id=a; y=2'], ['a']],
    ['pairs of payload format 2.0', ['x=1', '__Host-id=a', 'y=2'], ['a']],
    ['several headers, as HTTP/2 splits them', ['x=1; __Host-id=a', '__Host-id=b; y=2'], ['a', 'b']],
    ['different values, in order', ['__Host-id=b; __Host-id=a; __Host-id=c'], ['b', 'a', 'c']],
    ['equal values, once', ['__Host-id=a; __Host-id=b', '__Host-id=a'], ['a', 'b']],
    ['an empty value', ['__Host-id='], ['']],
    ['no space after the semicolon', ['x=1;__Host-id=a;y=2'], ['a']],
    ['superfluous semicolons', [';;; ;__Host-id=a;;'], ['a']],
    ['C3: spaces and tabs around name and value', ['\t x=1 ;\t __Host-id \t=\t a \t'], ['a']],
    ['C3: the first = divides', ['__Host-id=a=b==; x==__Host-id=c'], ['a=b==']],
    ['C3: quotes are part of the value', ['__Host-id="a"'], ['"a"']],
    ['C3: a quoted semicolon divides', ['x="1; __Host-id=a"; y="; "'], ['a"']],
    ['C3: quotes around the name make another name', ['"__Host-id"=a'], []],
    ['C3: $Version changes nothing', ['$Version=1; __Host-id="a"; $Path="/"; $Domain=b'], ['"a"']],
    ['C3: $Version with a comma divides nothing', ['$Version="1", __Host-id=a'], []],
    ['C3: percent signs are not decoded in values', ['__Host-id=%61%3Bb'], ['%61%3Bb']],
    ['C3: percent signs are not decoded in names', ['__Host%2Did=a; %5F_Host-id=b'], []],
    ['C3: nameless cookies are skipped', ['=__Host-id=a; =a; __Host-id; =__Host-id; = __Host-id=b'], []],
    ['C3: commas do not divide', ['x=1,__Host-id=a; y=2, __Host-id=b'], []],
    [
      'C3: names are case-sensitive',
      ['__hOsT-id=a; __HOST-ID=b; __host-id=c; __Host-Id=d; __Host-ıd=e; __Hoſt-id=f'],
      [],
    ],
    ['C3: a longer or shorter name is another', ['__Host-id2=a; x__Host-id=b; __Host-i=c; id=d; __Host-=e'], []],
    ['C3: line breaks do not divide or disappear', ['x=1\r\n__Host-id=a; \n__Host-id=b; __Host-id=c\r\n'], ['c\r\n']],
    ['C3: array and dot suffixes mean nothing', ['__Host-id[]=a; __Host.id=b; __Host_id=c'], []],
  ])('%s', (_, headers, tokens) => {
    expect(cookie.tokens(headers)).toEqual(tokens);
  });

  it('C3: no Unicode space, control or invisible character is trimmed from a name or a value', () => {
    const invisible = [...Array(0x10000).keys()]
      .map((code) => String.fromCharCode(code))
      .filter((c) => c !== ' ' && c !== '\t' && (/[\s\p{Cc}\p{Cf}\p{Z}]/u.test(c) || c.trim() === ''));
    expect(invisible.length).toBeGreaterThan(100);
    for (const c of [...invisible, '\u00E2\u0080\u0080', '\u00C2\u00A0', '\u00C2\u0085']) {
      expect(cookie.tokens([`${c}__Host-id=a; __Host-id${c}=b; __Host${c}-id=c`])).toEqual([]);
      expect(cookie.tokens([`__Host-id=${c}a${c}`])).toEqual([`${c}a${c}`]);
    }
  });

  it('C3: agrees with the cookie package on valid headers', () => {
    const name = fc.oneof(
      fc.constantFrom('__Host-id', '__host-id', '__Host-id2', 'id'),
      fc.string({ unit: fc.constantFrom(..."abcXYZ019!#$%&'*+-.^_`|~"), minLength: 1, maxLength: 6 }),
    );
    const value = fc.string({ unit: fc.constantFrom(...COOKIE_OCTETS), maxLength: 12 });
    const quoted = value.map((text) => `"${text}"`);
    const pairs = fc.array(fc.tuple(name, fc.oneof(value, quoted)), { maxLength: 12 });
    let found = 0;
    fc.assert(
      fc.property(pairs, (given) => {
        const header = given.map(([key, text]) => `${key}=${text}`).join('; ');
        const theirs = parseCookie(header, { decode: asItIs });
        for (const key of new Set(given.map(([each]) => each))) {
          const ours = new SessionCookie({ name: key }).tokens([header]);
          expect(ours[0]).toBe(theirs[key]);
          expect(ours).toEqual([...new Set(given.filter(([each]) => each === key).map(([, text]) => text))]);
          found++;
        }
      }),
      { numRuns: 3000 },
    );
    expect(found).toBeGreaterThan(3000);
  });

  it('C3: never throws, whatever the bytes, and finds only what was named so', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__Host-id', '=', ';', ' ', '\t', '"', '$Version=1', '%', '\uD800', '\u2000', ',', '\0'),
    );
    const header = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.array(header, { maxLength: 3 }), (headers) => {
        const tokens = cookie.tokens(headers);
        expect(new Set(tokens).size).toBe(tokens.length);
        for (const token of tokens) {
          expect(token).not.toMatch(/;|^[ \t]|[ \t]$/);
          expect(headers.some((each) => /(^|;)[ \t]*__Host-id[ \t]*=/.test(each) && each.includes(token))).toBe(true);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('C10: finds the cookie among 180, and 20,000 values of it', () => {
    const others = Array.from({ length: 179 }, (_, i) => `cookie${i}=${'v'.repeat(50)}`).join('; ');
    expect(cookie.tokens([`${others}; __Host-id=${TOKEN}`])).toEqual([TOKEN]);
    const values = Array.from({ length: 20_000 }, (_, i) => `t${i}`);
    expect(cookie.tokens([values.map((value) => `__Host-id=${value}`).join('; ')])).toEqual(values);
  });

  it.each<[string, (length: number) => string]>([
    ['many cookies', (n) => 'name=value; '.repeat(n / 12)],
    ['many different values', (n) => Array.from({ length: n / 20 }, (_, i) => `__Host-id=${i}`.padEnd(18)).join('; ')],
    ['semicolons', (n) => ';'.repeat(n)],
    ['equals signs', (n) => '='.repeat(n)],
    ['one long value', (n) => `__Host-id=${'a'.repeat(n)}`],
    ['spaces before', (n) => `${' '.repeat(n)}__Host-id=a`],
    ['spaces inside the value', (n) => `__Host-id=a${' '.repeat(n)}b`],
    ['spaces inside the name', (n) => `__Host-${' '.repeat(n)}id=b`],
    ['spaces after', (n) => `__Host-id=a${' \t'.repeat(n / 2)}`],
    ['quotes', (n) => `__Host-id=${'"'.repeat(n)}`],
  ])('C10: a header of 1 MB takes about a hundred times as long as one of 10 KB: %s', (_, build) => {
    const [small, large] = [[build(10_000)], [build(1_000_000)]];
    const milliseconds = (headers: string[]): number => {
      const times = Array.from({ length: 7 }, () => {
        const begin = performance.now();
        cookie.tokens(headers);
        return performance.now() - begin;
      });
      return Math.min(...times);
    };
    milliseconds(small);
    // Quadratic time would make it ten thousand. The floor keeps the clock's grain out of the ratio.
    expect(milliseconds(large) / Math.max(milliseconds(small), 0.05)).toBeLessThan(1_500);
  });
});
