import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { itemOf } from '../../src/table/item.js';
import { StoreUnavailableError } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { withOneClient } from '../world/clients.js';
import type { Attempt, Fault } from '../world/faults.js';
import { fullRecord, newId } from '../world/records.js';
import { Browser, World } from '../world/world.js';
import { type Instance, openStage, type Stage } from './stage.js';

const SESSIONS = 1_000;

describe.each(withOneClient(engines()))('9. logging a user out of 1,000 sessions on $name', ({ engine, client }) => {
  let stage: Stage;
  let instance: Instance;
  let world: World;
  let browser: Browser;
  let user: string;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  beforeEach(async () => {
    instance = await stage.instance();
    world = new World(instance.layer);
    user = `user-${newId()}`;
    browser = new Browser(world.sessions({ revocationCheck: 'always' }));
    await browser.request((session) => session.logIn(user));
    await store(SESSIONS - 1);
    instance.network.sent.length = 0;
  });

  it.each<[string, (attempt: Attempt) => Fault]>([
    ['the index is throttled', ({ operation }) => (operation === 'Query' ? 'throttle-index' : 'none')],
    ['the table is throttled', ({ operation }) => (operation === 'BatchWriteItem' ? 'throttle' : 'none')],
    [
      'items are left unprocessed for ever',
      ({ operation }) => (operation === 'BatchWriteItem' ? 'unprocessed' : 'none'),
    ],
    [
      'the first list is throttled',
      ({ operation, call }) => (operation === 'Query' && call < 2 ? 'throttle-index' : 'none'),
    ],
    [
      'the last list is throttled',
      ({ operation, call }) => (operation === 'Query' && call > 2 ? 'throttle-index' : 'none'),
    ],
  ])('raises the mark first, fails while %s, and finishes the rest when called again (F6)', async (_, plan) => {
    instance.network.planEach(plan);
    const failed: unknown = await world
      .sessions()
      .logOutUser(user)
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreUnavailableError);
    expect(failed).toMatchObject({ retryable: true });
    expect(instance.network.sent[0]).toBe('UpdateItem');
    expect(world.takeEvents()).not.toContain('logged-out');

    instance.network.planEach(() => 'none');
    expect((await browser.start()).userId).toBeUndefined();
    await world.sessions().logOutUser(user);
    expect(await left()).toBe(0);
  });

  it('is slowed down by what is left unprocessed now and then, and not stopped (F6)', async () => {
    instance.network.planEach(({ operation, call }) =>
      operation === 'BatchWriteItem' && call % 3 === 0 ? 'unprocessed' : 'none',
    );
    await world.sessions().logOutUser(user);
    expect(instance.network.struck.length).toBeGreaterThan(10);
    expect(await left()).toBe(0);
  });

  it('with one second left and a slow table: answers in time, with an error, and resumes (F6)', async () => {
    // Every bulk delete takes as long as the engine and 30 ms; the last but some are never answered.
    instance.network.planEach(({ operation, call }) => {
      if (operation !== 'BatchWriteItem') return 'none';
      return call < 20 ? 'delayed' : 'hang';
    });
    const deadline = Date.now() + 1_000;
    await expect(world.sessions().logOutUser(user, { deadline })).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(instance.network.sent[0]).toBe('UpdateItem');

    instance.network.planEach(() => 'none');
    const before = await left();
    expect(before).toBeGreaterThan(0);
    expect((await browser.start()).userId).toBeUndefined();
    await world.sessions().logOutUser(user);
    expect(await left()).toBe(0);
  });

  it('leaves the mark when the process dies before the first deletion: all are dead, and a rerun finishes (F6, F8)', async () => {
    const crashed = instance.network.crashAfter(2);
    const dying = world.sessions().logOutUser(user);
    dying.catch(() => {}); // nobody is there any more
    await crashed;
    const next = new World((await stage.instance()).layer);
    const seen = await next.sessions({ revocationCheck: 'always' }).start({ tokens: [browser.token as string] });
    expect(seen.userId).toBeUndefined();
    await next.sessions().logOutUser(user);
    expect(await left()).toBe(0);
  });

  const left = async (): Promise<number> => (await stage.sound.userSessions(user)).length;

  async function store(count: number): Promise<void> {
    const items = Array.from({ length: count }, () =>
      itemOf(newId(), fullRecord({ userId: user, generation: 0, expiresAt: world.now + 3_600 })),
    );
    const { client, tableName } = stage.table;
    for (let start = 0; start < count; start += 25) {
      const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: puts } }));
    }
  }
});
