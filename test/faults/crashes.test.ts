import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines/index.js';
import { withOneClient } from '../world/clients.js';
import { BOTH_WAYS } from './attempts.js';
import { idOf, itemOf, placeFor, requestKinds } from './requests.js';
import { openStage, type Stage } from './stage.js';
import { visit } from './visit.js';

// The cleanup's own crashes are in integration/cleanup.test.ts.

const kinds = requestKinds
  .filter(({ given }) => given === undefined)
  .flatMap((kind) => BOTH_WAYS.map((way) => ({ ...kind, ...way })));

describe.each(withOneClient(engines()))('a Lambda that dies between any two calls, on $name', ({ engine, client }) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  it.each(kinds)(
    'leaves nothing in “$name”, $data, that the next try does not complete (F8)',
    async ({ encrypted, ...kind }) => {
      for (let calls = 0; calls <= kind.calls.length; calls += 1) {
        const place = placeFor(stage, encrypted);
        const situation = await kind.begin(place);
        const { browser } = situation;
        const cookie = browser.token;
        const session = (): Promise<unknown> => itemOf(place, idOf(cookie));
        const before = await session();
        const dying = await stage.instance();
        const crashed = dying.network.crashAfter(calls);
        const response = visit(dying.layer, place, situation);
        response.catch(() => {}); // nobody is there any more
        expect(await Promise.race([crashed, response.then(() => 'answered')])).toBe(
          calls < kind.calls.length ? 'crashed' : 'answered',
        );
        browser.token = cookie; // the answer reaches nobody, even if there is one

        const isWritten = async (): Promise<boolean> => !isDeepStrictEqual(await session(), before);
        const { after, afterTwice = after } = situation;
        const expected = (await isWritten()) ? afterTwice : after;
        expect(await visit((await stage.instance()).layer, place, situation)).toMatchObject({ status: 200 });
        expect([calls, await situation.look()]).toEqual([calls, expected]);
      }
    },
  );
});
