import { describe, expect, it } from 'vitest';
import { checkCsrfOptions, type CsrfOptions, csrfRefusal } from '../../../src/cookies/csrf.js';
import { ConfigurationError } from '../../../src/index.js';

const HOST = 'shop.example.com';
const OWN = `https://${HOST}`;
const PARTNER = 'https://partner.example.net';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'TRACE', 'PROPFIND', 'get', ''];
const SITES = ['same-origin', 'none', 'same-site', 'cross-site', 'Same-Origin', 'nonsense', '', undefined];
const ORIGINS = [OWN, PARTNER, 'https://evil.example', 'null', '', 'nonsense', `${OWN}.evil.example`, undefined];
const OPTIONS: readonly CsrfOptions[] = [
  {},
  { sameSite: true },
  { origins: [PARTNER] },
  { sameSite: true, origins: [PARTNER] },
];

const refusalOf = (
  headers: Readonly<Record<string, string | undefined>>,
  options: CsrfOptions = {},
  method = 'POST',
  url?: string,
): string | undefined => csrfRefusal({ method, header: (name) => headers[name], url }, options);

describe('the guard against requests that other origins cause', () => {
  it('decides each request by the first of its rules that knows', () => {
    const combinations = [...SAFE, ...UNSAFE].flatMap((method) =>
      SITES.flatMap((site) =>
        ORIGINS.flatMap((origin) => OPTIONS.map((options) => ({ method, site, origin, options }))),
      ),
    );
    const byRule = combinations.map(({ method, site, origin, options }) => {
      if (SAFE.includes(method)) return undefined;
      if (origin === PARTNER && options.origins !== undefined) return undefined;
      switch (site) {
        case 'same-origin':
        case 'none':
          return undefined;
        case 'same-site':
          return options.sameSite === true ? undefined : 'sec-fetch-site';
        case undefined:
          return origin === undefined || origin === OWN ? undefined : 'origin';
        default:
          return 'sec-fetch-site';
      }
    });
    const decided = combinations.map(({ method, site, origin, options }) =>
      refusalOf({ host: HOST, 'sec-fetch-site': site, origin }, options, method),
    );
    expect(decided).toEqual(byRule);
    expect(new Set(decided)).toEqual(new Set([undefined, 'sec-fetch-site', 'origin']));
  });

  it.each([
    ['https://shop.example.com', 'SHOP.example.com'],
    ['https://shop.example.com:8443', 'shop.example.com:8443'],
    ['http://localhost:3000', 'localhost:3000'],
    ['http://[::1]:3000', '[::1]:3000'],
  ])('takes %s for the origin of the host %s', (origin, host) => {
    expect(refusalOf({ origin, host })).toBeUndefined();
  });

  it.each([
    ['https://shop.example.com:8443', 'shop.example.com'],
    ['https://shop.example.com', 'shop.example.com:8443'],
    ['https://www.shop.example.com', 'shop.example.com'],
    ['https://shop.example.com@evil.example', 'shop.example.com'],
    ['null', 'null'],
    ['about:blank', ''],
    ['https://shop.example.com', undefined],
  ])('takes %s for another origin than that of the host %s', (origin, host) => {
    expect(refusalOf({ origin, host })).toBe('origin');
  });

  it('takes the host of the URL where there is no Host header, and only there', () => {
    expect(refusalOf({ origin: OWN }, {}, 'POST', `https://${HOST}/`)).toBeUndefined();
    expect(refusalOf({ origin: OWN, host: 'evil.example' }, {}, 'POST', `https://${HOST}/`)).toBe('origin');
  });
});

describe('the options of the guard', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['an unknown option', { sites: [] }],
    ['sameSite of another kind', { sameSite: 'yes' }],
    ['origins that are no list', { origins: {} }],
    ['origins that are null', { origins: null }],
    ['a path', { origins: ['https://app.example.com/'] }],
    ['a default port', { origins: ['https://app.example.com:443'] }],
    ['capitals', { origins: ['https://App.example.com'] }],
    ['a host alone', { origins: ['app.example.com'] }],
    ['a wildcard', { origins: ['*'] }],
    ['the origin of nothing', { origins: ['null'] }],
    ['a number', { origins: [42] }],
  ])('are refused for %s', (_name, options) => {
    expect(() => checkCsrfOptions(options as CsrfOptions)).toThrow(ConfigurationError);
  });

  it('are a copy: what is done to the list later changes nothing', () => {
    const origins = [PARTNER];
    const checked = checkCsrfOptions({ origins });
    origins.push('https://evil.example');
    expect(checked).toEqual({ origins: [PARTNER] });
  });
});
