import type { CookieOptions, SameSite } from '../../../src/cookies/index.js';

/** A request without a cookie, as far as it tells whether a visit begins with it. */
export interface Arrival {
  readonly name: string;
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** With which values of `SameSite` it can begin one. */
  readonly begins: readonly SameSite[];
}

const ALWAYS: readonly SameSite[] = ['Lax', 'Strict', 'None'];

/** What a browser says of a request that another site has caused. */
const from = (site: string, mode: string, dest?: string): Record<string, string> => ({
  'sec-fetch-site': site,
  'sec-fetch-mode': mode,
  ...(dest === undefined ? {} : { 'sec-fetch-dest': dest }),
});
const navigation = from('none', 'navigate', 'document');

/** Requests with which a visit can begin or cannot, for every adapter to be tried with. */
const arrivals: readonly Arrival[] = [
  { name: 'a GET that says nothing', method: 'GET', headers: {}, begins: ALWAYS },
  { name: 'a POST that says nothing', method: 'POST', headers: {}, begins: ALWAYS },
  { name: 'an address typed in', method: 'GET', headers: navigation, begins: ALWAYS },
  { name: 'a fetch of a page of ours', method: 'GET', headers: from('same-origin', 'cors', 'empty'), begins: ALWAYS },
  { name: 'a form of ours', method: 'POST', headers: from('same-origin', 'navigate', 'document'), begins: ALWAYS },
  {
    name: 'a form of a sibling domain',
    method: 'POST',
    headers: from('same-site', 'navigate', 'document'),
    begins: ALWAYS,
  },
  { name: 'a purpose of another kind', method: 'GET', headers: { purpose: 'read' }, begins: ALWAYS },

  { name: 'an OPTIONS', method: 'OPTIONS', headers: {}, begins: [] },
  {
    name: 'a preflight of another site',
    method: 'OPTIONS',
    headers: { ...from('cross-site', 'cors', 'empty'), 'access-control-request-method': 'PUT' },
    begins: [],
  },
  { name: 'a HEAD', method: 'HEAD', headers: {}, begins: [] },
  { name: 'a HEAD that navigates', method: 'HEAD', headers: navigation, begins: [] },

  { name: 'a prefetch', method: 'GET', headers: { ...navigation, 'sec-purpose': 'prefetch' }, begins: [] },
  { name: 'a prerender', method: 'GET', headers: { ...navigation, 'sec-purpose': 'prefetch;prerender' }, begins: [] },
  {
    name: 'a prefetch through a proxy',
    method: 'GET',
    headers: { 'sec-purpose': 'prefetch;anonymous-client-ip' },
    begins: [],
  },
  { name: 'a prefetch of older browsers', method: 'GET', headers: { purpose: 'prefetch' }, begins: [] },
  { name: 'a prefetch of older Firefoxes', method: 'GET', headers: { 'x-moz': 'prefetch' }, begins: [] },
  { name: 'a preview of Safari', method: 'GET', headers: { 'x-purpose': 'preview' }, begins: [] },
  { name: 'a prefetch in capitals', method: 'GET', headers: { purpose: 'Prefetch' }, begins: [] },

  {
    name: 'a link on another site',
    method: 'GET',
    headers: from('cross-site', 'navigate', 'document'),
    begins: ['Lax', 'None'],
  },
  {
    name: 'a link on another site that does not say into what',
    method: 'GET',
    headers: from('cross-site', 'navigate'),
    begins: ['Lax', 'None'],
  },
  {
    name: 'the return from a payment page',
    method: 'POST',
    headers: from('cross-site', 'navigate', 'document'),
    begins: ['None'],
  },
  {
    name: 'a frame on another site',
    method: 'GET',
    headers: from('cross-site', 'navigate', 'iframe'),
    begins: ['None'],
  },
  {
    name: 'an image on another site',
    method: 'GET',
    headers: from('cross-site', 'no-cors', 'image'),
    begins: ['None'],
  },
  { name: 'a fetch by another site', method: 'GET', headers: from('cross-site', 'cors', 'empty'), begins: ['None'] },
  { name: 'another site, without more', method: 'GET', headers: { 'sec-fetch-site': 'cross-site' }, begins: ['None'] },
];

/** Tries all arrivals with all values of `SameSite`, and says which of them began a session, and which had to. */
export async function tryArrivals(
  begins: (arrival: Arrival, cookie: CookieOptions) => boolean | Promise<boolean>,
): Promise<{ readonly begun: readonly string[]; readonly expected: readonly string[] }> {
  const begun: string[] = [];
  const expected: string[] = [];
  for (const arrival of arrivals) {
    for (const sameSite of ALWAYS) {
      const name = `${arrival.name}, ${sameSite}`;
      if (await begins(arrival, { sameSite })) begun.push(name);
      if (arrival.begins.includes(sameSite)) expected.push(name);
    }
  }
  return { begun, expected };
}
