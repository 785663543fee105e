import { describe, expect, it } from 'vitest';
import { withSession } from '../../../src/lambda/index.js';
import { tryArrivals } from '../cookies/visits.js';
import { contextOf, LambdaWorld } from './lambda-world.js';
import { services } from './services.js';

describe.each(services)('create: true behind $name', (service) => {
  it('stores a session only for a request that can begin a visit', async () => {
    const { begun, expected } = await tryArrivals(async ({ method, headers }, cookie) => {
      const world = new LambdaWorld();
      const options = { create: true, cookie };
      const handler = withSession(world.sessions, () => ({ statusCode: 200, body: '' }) as never, options);
      const response = service.receive(await handler(service.event({ method, headers }) as never, contextOf()));
      expect(response.setCookies).toHaveLength(world.calls.length);
      return world.saved.size > 0;
    });
    expect(begun).toEqual(expected);
  });

  it('reads what a request says whatever the case of its header names', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, () => ({ statusCode: 200, body: '' }) as never, { create: true });
    await handler(service.event({ headers: { 'SEC-Purpose': 'prefetch' } }) as never, contextOf());
    await handler(service.event({ method: 'POST', headers: { 'Sec-Fetch-Site': 'cross-site' } }) as never, contextOf());
    expect(world.calls).toEqual([]);
  });

  it('finds the session of a prefetch that has one', async () => {
    const world = new LambdaWorld();
    const event = service.event({
      cookies: [`__Host-id=${await world.token()}`],
      headers: { 'sec-purpose': 'prefetch' },
    });
    const handler = withSession(
      world.sessions,
      (_event, session) => ({ statusCode: 200, body: session.get('theme') ?? 'none' }) as never,
      { create: true },
    );
    expect(service.receive(await handler(event as never, contextOf())).body).toBe('dark');
  });

  it('does not keep what is set from beginning a session', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, (_event, session) => {
      session.set('theme', 'dark');
      return { statusCode: 200, body: '' } as never;
    });
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const response = service.receive(await handler(service.event({ method: 'POST', headers }) as never, contextOf()));
    expect(response.setCookies).toHaveLength(1);
  });
});
