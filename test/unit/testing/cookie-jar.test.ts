import { describe, expect, it } from 'vitest';
import { CookieJar, TestClock } from '../../../src/testing/index.js';

const NOW = '2026-01-01T00:00:00Z';

describe('a cookie jar', () => {
  it.each<[string, object | string]>([
    ['a Response', new Response('', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2']] })], // prettier-ignore
    ['a result of payload 2.0', { statusCode: 200, cookies: ['a=1; Secure', 'b=2'] }],
    ['a result with multi-value headers', { statusCode: 200, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } }],
    ['a result that spells one name twice', { statusCode: 200, headers: { 'set-cookie': 'a=1', 'Set-cookie': 'b=2' } }],
  ])('keeps what %s sets, returns it, and sends it back', (_, answer) => {
    const jar = new CookieJar();
    expect(jar.receive(answer)).toBe(answer);
    expect(jar.cookies()).toEqual(['a=1', 'b=2']);
    expect(jar.header()).toBe('a=1; b=2');
  });

  it.each(['hello', { statusCode: 204 }, undefined, { cookies: ['', '=nameless', 'neither'] }])(
    'is not changed by an answer that sets nothing: %j',
    (answer) => {
      const jar = new CookieJar();
      jar.receive(answer);
      expect(jar.cookies()).toEqual([]);
    },
  );

  it('sends a cookie to its path and below, the longest path first', () => {
    const jar = new CookieJar();
    jar.receive({ cookies: ['a=root; Path=/', 'a=shop; Path=/shop', 'b=none', 'c=odd; Path=shop'] });
    expect(jar.cookies({ path: '/shop' })).toEqual(['a=shop', 'a=root', 'b=none', 'c=odd']);
    expect(jar.cookies({ path: '/shop/basket' })[0]).toBe('a=shop');
    expect(jar.cookies({ path: '/shopping' })).not.toContain('a=shop');
    expect(jar.cookies()).not.toContain('a=shop');
  });

  it('keeps a secure cookie back from plain HTTP', () => {
    const jar = new CookieJar();
    jar.receive({ cookies: ['a=1; secure', 'b=2'] });
    expect(jar.cookies({ secure: false })).toEqual(['b=2']);
    expect(jar.request('http://localhost:3000/').headers.get('cookie')).toBe('b=2');
    expect(jar.request('https://localhost:3000/').headers.get('cookie')).toBe('a=1; b=2');
  });

  it('lets cookies expire by its clock: Max-Age wins over Expires', () => {
    const clock = new TestClock(NOW);
    const jar = new CookieJar({ clock });
    const expires = 'Expires=Thu, 01 Jan 2026 00:01:00 GMT';
    jar.receive({ cookies: [`a=1; ${expires}; Max-Age=120`, `b=2; ${expires}`, 'c=3; Max-Age=x'] });
    clock.advance(59);
    expect(jar.cookies()).toEqual(['a=1', 'b=2', 'c=3']);
    clock.advance(1);
    expect(jar.cookies()).toEqual(['a=1', 'c=3']);
    clock.advance(60);
    expect(jar.cookies()).toEqual(['c=3']);
    expect(jar.get('a')).toBeUndefined();
  });

  it.each(['Max-Age=0', 'Max-Age=-1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])('drops a cookie at %s', (end) => {
    const jar = new CookieJar();
    jar.receive({ cookies: ['a=1; Path=/', 'a=2; Path=/x'] });
    jar.receive({ cookies: [`a=; Path=/; ${end}`] });
    expect(jar.cookies({ path: '/x' })).toEqual(['a=2']);
  });

  it('makes a request that has what it was given, too', async () => {
    const jar = new CookieJar();
    jar.receive({ cookies: ['a=1; Path=/x'] });
    const request = jar.request('https://shop.example/x?y', {
      method: 'POST',
      body: 'z',
      headers: { accept: 'text/*' },
    });
    expect(await request.text()).toBe('z');
    expect([request.method, request.headers.get('accept'), request.headers.get('cookie')]).toEqual([
      'POST',
      'text/*',
      'a=1',
    ]);
    expect(jar.request('https://shop.example/').headers.has('cookie')).toBe(false);
  });
});
