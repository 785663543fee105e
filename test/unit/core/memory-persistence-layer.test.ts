import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryPersistenceLayer, Sessions } from '../../../src/index.js';
import { NOW, recordOf, stored } from '../../world/records.js';

describe('sessions in memory', () => {
  it('are cleared away after their expiry, so that the memory does not grow for ever', async () => {
    const layer = new MemoryPersistenceLayer();
    const early = await Promise.all(
      Array.from({ length: 600 }, () => stored(layer, recordOf({ expiresAt: NOW + 10 }))),
    );
    const late = await Promise.all(
      Array.from({ length: 400 }, () => stored(layer, recordOf({ expiresAt: NOW + 1_000 }))),
    );
    await layer.saveSession('next', recordOf(), { kind: 'create' }, { now: NOW + 10 });
    // As of a time when all were live: whatever is found is still kept.
    const kept = async (ids: string[]): Promise<number> =>
      (await Promise.all(ids.map((id) => layer.loadSession(id, { now: NOW })))).filter((record) => record !== undefined)
        .length;
    expect(await kept(early)).toBe(0);
    expect(await kept(late)).toBe(400);
  });

  it('do not lose a mark before its time, and then go on counting above it', async () => {
    const layer = new MemoryPersistenceLayer();
    const first = await layer.raiseUserMark('user-1', NOW + 100, { now: NOW });
    const fill = async (now: number): Promise<void> => {
      for (let count = 0; count < 4_000; count += 1)
        await layer.saveSession(`${now} ${count}`, recordOf({ expiresAt: now + 1 }), { kind: 'create' }, { now });
    };
    await fill(NOW + 99);
    expect((await layer.loadMarks('user-1')).generation).toBe(first);
    await fill(NOW + 200);
    expect((await layer.loadMarks('user-1')).generation).toBeUndefined();
    expect(await layer.raiseUserMark('user-1', NOW + 300, { now: NOW + 200 })).toBeGreaterThan(first as number);
  });

  it('leave nothing of themselves when they are ended, and what is left is cleared away after its time', async () => {
    const layer = new MemoryPersistenceLayer();
    const fill = async (now: number): Promise<void> => {
      for (let count = 0; count < 2_000; count += 1)
        await layer.saveSession(`${now} ${count}`, recordOf({ expiresAt: now + 1 }), { kind: 'create' }, { now });
    };
    const id = await stored(layer, recordOf());
    await layer.deleteSession(id, {}, { now: NOW });
    await layer.deleteSessions(['taken'], { now: NOW, takenUntil: NOW + 10_000 });
    const begin = async (each: string, now: number): Promise<string | undefined> =>
      (await layer.saveSession(each, recordOf(), { kind: 'create' }, { now })).kind;
    await fill(NOW + 3_599);
    expect([await begin(id, NOW + 3_599), await begin('taken', NOW + 3_599)]).toEqual(['gone', 'gone']);
    await fill(NOW + 7_000);
    expect([await begin(id, NOW + 7_000), await begin('taken', NOW + 7_000)]).toEqual(['saved', 'gone']);
    await fill(NOW + 20_000);
    expect(await begin('taken', NOW + 20_000)).toBe('saved');
  });

  it('know users and roles from the functions that are given', async () => {
    const layer = new MemoryPersistenceLayer({
      loadUser: (id) => Promise.resolve({ id, name: 'Ada' }),
      roleHierarchy: () => Promise.resolve(new Map([['author', 'editor']])),
    });
    expect(await layer.loadUser('user-1')).toEqual({ id: 'user-1', name: 'Ada' });
    expect(await layer.roleHierarchy()).toEqual(new Map([['author', 'editor']]));
  });
});

describe('the warning about memory', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    Reflect.deleteProperty(process, Symbol.for('dynamodb-sessions.warned-in-lambda'));
  });

  /** A layer of a module loaded anew, as in a process of its own. */
  async function freshModule(): Promise<typeof MemoryPersistenceLayer> {
    vi.resetModules();
    return (await import('../../../src/core/memory-persistence-layer.js')).MemoryPersistenceLayer;
  }

  async function warningsOf(act: () => unknown): Promise<Error[]> {
    const warnings: Error[] = [];
    const listen = (warning: Error): number => warnings.push(warning);
    process.on('warning', listen);
    try {
      await act();
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', listen);
    }
    return warnings;
  }

  it('is given once in a deployed Lambda, and says what to do', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'api');
    const Layer = await freshModule();
    const warnings = await warningsOf(() => [new Layer(), new Layer(), new Layer()]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      code: 'SESSIONS_IN_LAMBDA_RAM',
      message: expect.stringContaining('DynamoDBPersistenceLayer') as string,
    });
  });

  it('is given for the default layer, too', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'api');
    vi.resetModules();
    const fresh = await import('../../../src/core/sessions.js');
    expect(await warningsOf(() => new fresh.Sessions())).toHaveLength(1);
  });

  it('is not given outside of Lambda', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', undefined);
    const Layer = await freshModule();
    expect(await warningsOf(() => [new Layer(), new Sessions()])).toEqual([]);
  });
});
