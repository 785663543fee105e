import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { stubEnvironment } from './environment.js';
import { type Handler, Visitor } from './visitor.js';

const ANN = { name: 'ann', password: 'correct horse' };

// Hashing takes long on a busy machine.
describe.each(engines())('the recipe for passwords, on $name', { timeout: 60_000 }, (engine) => {
  let table: TestTable;
  let handler: Handler;

  beforeAll(async () => {
    table = await createTestTable(engine);
  });
  // Each test has its own users.
  const newVisitors = async (): Promise<() => Visitor> => {
    stubEnvironment(engine, table);
    ({ handler } = await import('../../examples/password/handler.js'));
    return () => new Visitor('https://shop.example.com', handler);
  };
  afterAll(async () => {
    vi.unstubAllEnvs();
    await table?.drop();
  });

  const greetingOf = async (visitor: Visitor): Promise<string> => (await visitor.send('/')).body;
  const signIn = async (visitor: Visitor, password = ANN.password): Promise<Visitor> => {
    expect(await visitor.send('/login', { name: 'ann', password })).toMatchObject({ status: 303 });
    return visitor;
  };

  it('signs in and out', async () => {
    const visitor = (await newVisitors())();
    await signIn(visitor);
    expect(await greetingOf(visitor)).toBe('Hello ann.');
    await visitor.send('/logout', {});
    expect(visitor.token).toBeUndefined();
    expect(await greetingOf(visitor)).toBe('Hello stranger.');
  });

  it.each([
    ['a wrong password', { name: 'ann', password: 'wrong' }],
    ['none', { name: 'ann' }],
    ['somebody who is unknown', { name: 'bob', password: ANN.password }],
    ['nobody', {}],
  ])('refuses %s, and stores nothing', async (_name, form) => {
    const visitor = (await newVisitors())();
    const before = await table.items();
    expect(await visitor.send('/login', form)).toMatchObject({ status: 401 });
    expect(visitor.token).toBeUndefined();
    expect(await table.items()).toEqual(before);
  });

  it('takes as long to refuse an unknown name as a wrong password', async () => {
    const visitor = (await newVisitors())();
    const timeOf = async (name: string): Promise<number> => {
      const begun = performance.now();
      await visitor.send('/login', { name, password: 'wrong' });
      return performance.now() - begun;
    };
    const times: [number, number][] = [];
    for (let run = 0; run < 3; run++) times.push([await timeOf('bob'), await timeOf('ann')]);
    const [unknown, wrong] = [0, 1].map((index) => Math.min(...times.map((pair) => pair[index] as number)));
    expect((unknown as number) / (wrong as number)).toBeGreaterThan(0.3);
  });

  it('replaces the secret at a login, so that the cookie from before is worthless', async () => {
    const visitor = await signIn((await newVisitors())());
    const thief = visitor.thief();
    await signIn(visitor);
    expect(visitor.token).not.toBe(thief.token);
    expect([await greetingOf(thief), await greetingOf(visitor)]).toEqual(['Hello stranger.', 'Hello ann.']);
  });

  it('signs nobody in by a form of another site', async () => {
    const visitor = (await newVisitors())();
    expect(await visitor.send('/login', ANN, { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 });
    expect(visitor.token).toBeUndefined();
  });

  it('changes the password, and signs out all other devices', async () => {
    const newVisitor = await newVisitors();
    const [here, there] = [await signIn(newVisitor()), await signIn(newVisitor())];
    const [thief, changed] = [here.thief(), 'a new one that is long, ﬁnally'];
    expect(await here.send('/password', { password: ANN.password, new: changed })).toMatchObject({ status: 303 });
    expect([await greetingOf(here), await greetingOf(there)]).toEqual(['Hello ann.', 'Hello stranger.']);
    expect(await greetingOf(thief)).toBe('Hello stranger.');
    expect(await newVisitor().send('/login', ANN)).toMatchObject({ status: 401 });
    await signIn(newVisitor(), 'a new one that is long, finally'); // as another keyboard writes it
  });

  it('changes no password for a thief with the cookie, for a stranger, or to a short one', async () => {
    const newVisitor = await newVisitors();
    const thief = (await signIn(newVisitor())).thief();
    const long = 'a new one that is long';
    expect(await thief.send('/password', { password: 'guessed', new: long })).toMatchObject({ status: 403 });
    expect(await newVisitor().send('/password', { ...ANN, new: long })).toMatchObject({ status: 403 });
    expect(await thief.send('/password', { ...ANN, new: 'too short' })).toMatchObject({ status: 422 });
    await signIn(newVisitor());
  });
});
