import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadFinding } from '../../src/index.js';
import {
  changeOf,
  expectSaved,
  fullRecord,
  newId,
  NOW,
  recordOf,
  stored,
  withData,
  written,
} from '../world/records.js';
import type { TestStore } from '../world/stores.js';
import { describeConditionalWrites } from './conditional-writes.js';
import { describeDeleting } from './deleting.js';
import { DIFFICULT_KEYS } from './keys.js';
import type { Layer, WholeLayer } from './layer.js';
import { describeUsers } from './users.js';

/**
 * What the doc comments of `PersistenceLayer` say, for one layer. A `simple` layer stores whole sessions and ignores
 * what is expected of the stored one, as the contract allows.
 */
export function describePersistenceLayer(
  name: string,
  open: () => Promise<Pick<TestStore, 'persistence' | 'close'>>,
  { simple = false }: { readonly simple?: boolean } = {},
): void {
  describe(`the persistence layer ${name}`, () => {
    let store: Pick<TestStore, 'persistence' | 'close'>;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    const layer = (): WholeLayer => store.persistence as WholeLayer;

    describeLoading(layer);
    describeData(layer);
    if (simple) return;
    describeFindings(layer);
    describeConditionalWrites(layer);
    describeDeleting(layer);
    describeUsers(layer);
  });
}

function describeLoading(layer: Layer): void {
  describe('loadSession', () => {
    it('finds nothing under an ID that nothing is stored under, which is no error', async () => {
      expect(await layer().loadSession(newId(), { now: NOW })).toBeUndefined();
    });

    it.each([
      ['with the attributes that every session has', recordOf()],
      ['with every attribute', fullRecord()],
      ['of a user with a number for an ID', fullRecord({ userId: -42.5 })],
      ['of a user with a bigint for an ID', fullRecord({ userId: 2n ** 70n })],
      ['of a client without a user agent', recordOf({ userAgent: '', address: '192.0.2.1' })],
    ])('gives back a session %s as it was stored', async (_, record) => {
      const id = await stored(layer(), record);
      expect(await layer().loadSession(id, { now: NOW })).toEqual(record);
    });

    it('finds a session until the second before its expiry, and from then on none', async () => {
      const record = recordOf({ expiresAt: NOW + 10 });
      const id = await stored(layer(), record);
      expect(await layer().loadSession(id, { now: NOW + 9 })).toEqual(record);
      expect(await layer().loadSession(id, { now: NOW + 10 })).toBeUndefined();
      expect(await layer().loadSession(id, { now: NOW + 1_000 })).toBeUndefined();
    });

    it('goes by the clock of the machine if it is told no time', async () => {
      const seconds = Math.floor(Date.now() / 1000);
      const live = await stored(layer(), recordOf({ expiresAt: seconds + 600 }));
      const expired = await stored(layer(), recordOf({ expiresAt: seconds }));
      expect(await layer().loadSession(live)).toBeDefined();
      expect(await layer().loadSession(expired)).toBeUndefined();
    });

    it('is safe to call concurrently', async () => {
      const records = Array.from({ length: 10 }, () => fullRecord());
      const ids = await Promise.all(records.map((record) => stored(layer(), record)));
      const loaded = await Promise.all([...ids, ...ids].map((id) => layer().loadSession(id, { now: NOW })));
      expect(loaded).toEqual([...records, ...records]);
    });
  });
}

function describeFindings(layer: Layer): void {
  it('reports that there is a session which has expired, or was ended, and nothing where there is none', async () => {
    const findings: LoadFinding[] = [];
    const report = (finding: LoadFinding): number => findings.push(finding);
    const id = await stored(layer(), recordOf());
    await layer().loadSession(id, { now: NOW, report });
    await layer().loadSession(newId(), { now: NOW, report });
    expect(findings).toEqual([]);
    await layer().loadSession(id, { now: NOW + 3_600, report });
    expect(findings).toEqual(['expired']);
    await layer().deleteSession(id, {}, { now: NOW });
    await layer().loadSession(id, { now: NOW + 3_600, report });
    expect(findings).toEqual(['expired', 'ended']);
  });
}

function describeData(layer: Layer): void {
  describe('the data of a session', () => {
    const data = new Map(DIFFICULT_KEYS.map((key, index) => [key, `"value ${index}"`]));

    it('D1: has every text for a key, in a new session', async () => {
      const record = recordOf({ data });
      const id = await stored(layer(), record);
      expect((await layer().loadSession(id, { now: NOW }))?.data).toEqual(data);
      expect(Object.hasOwn(Object.prototype, 'theme')).toBe(false);
      expect(Object.keys({})).toEqual([]);
    });

    it('D1: has every text for a key, in a change, and the attributes of the session stay what they are', async () => {
      const before = fullRecord({ data: new Map() });
      const id = await stored(layer(), before);
      const full = written(before, { data });
      expectSaved(await layer().saveSession(id, full, changeOf(before, { set: DIFFICULT_KEYS }), { now: NOW }));
      expect(await layer().loadSession(id, { now: NOW })).toEqual(full);

      const empty = written(full, { data: new Map() });
      expectSaved(await layer().saveSession(id, empty, changeOf(full, { removed: DIFFICULT_KEYS }), { now: NOW }));
      expect(await layer().loadSession(id, { now: NOW })).toEqual(empty);
    });

    it.each(DIFFICULT_KEYS)('D1: has %j for its only key', async (key) => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const after = written(before, { data: new Map([[key, '1']]) });
      expectSaved(await layer().saveSession(id, after, changeOf(before, { set: [key] }), { now: NOW }));
      expect(await layer().loadSession(id, { now: NOW })).toEqual(after);
    });

    it.each([`sealed:${'Aa-_09'.repeat(8)}`, 'sealed:', 'sealed:AB', 'sealed:no base64url', 'sealed:QQ=='])(
      'D2: comes back to the character if it is sealed, or looks so (%s)',
      async (text) => {
        const before = withData(recordOf(), { cart: text });
        const id = await stored(layer(), before);
        expect((await layer().loadSession(id, { now: NOW }))?.data).toEqual(before.data);
        const after = withData(before, { cart: `${text}x`, theme: text });
        const change = changeOf(before, { set: ['cart', 'theme'] });
        expectSaved(await layer().saveSession(id, after, change, { now: NOW }));
        expect((await layer().loadSession(id, { now: NOW }))?.data).toEqual(after.data);
      },
    );

    it('D2: comes back to the character', async () => {
      const values = { empty: '', unicode: '"ü🎉\u2028\u0000\ufeff e\u0301"', long: `"${'é'.repeat(20_000)}"` };
      const record = withData(recordOf(), values);
      const id = await stored(layer(), record);
      expect((await layer().loadSession(id, { now: NOW }))?.data).toEqual(new Map(Object.entries(values)));
    });
  });
}
