import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatToken, mintToken } from '../../src/core/token.js';
import { stores, type TestStore } from '../world/stores.js';
import { World } from '../world/world.js';

const TOKENS = 1_000;
const AT_ONCE = 50;

describe.each(stores())('tokens that the server never made on $name', (each) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await each.open();
  });
  afterAll(() => store.close());

  it(
    `are never adopted: of ${TOKENS}, none names a stored session, whatever the requests did (T2)`,
    { timeout: 120_000 },
    async () => {
      const sessions = new World(store.persistence).sessions();
      const forged = Array.from({ length: TOKENS }, mintToken);

      const request = async (index: number): Promise<string> => {
        const { id } = forged[index] as (typeof forged)[number];
        const session = await sessions.start({ tokens: [formatToken(forged[index] as (typeof forged)[number])] });
        expect(session.id).toBeUndefined();
        if (index % 4 === 0) await session.logIn(`user-${index}`);
        if (index % 4 === 1) await session.update('visits', () => 1);
        if (index % 4 === 2) session.set('theme', 'dark');
        if (index % 4 === 3) session.delete('theme');
        expect(await sessions.revoke(id)).toBe(false);
        const action = await session.commit();
        expect(action.kind).toBe(index % 4 === 3 ? 'keep' : 'set');
        return action.kind === 'set' ? action.token : '';
      };
      const issued: string[] = [];
      for (let start = 0; start < TOKENS; start += AT_ONCE) {
        issued.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => request(start + index)))));
      }

      expect(new Set(issued).size).toBe(TOKENS * 0.75 + 1);
      const everything = [...issued, ...(await store.dump())].join('\n');
      expect(forged.filter(({ id }) => everything.includes(id))).toEqual([]);
    },
  );
});
