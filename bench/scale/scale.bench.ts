import { expect, it } from 'vitest';
import { MeteringProxy } from '../comparison/metering-proxy.js';
import { openOwn, type OwnSite } from '../comparison/own.js';
import { CHANGED, ONE_KB } from '../comparison/session-data.js';
import type { Cookie } from '../comparison/site.js';
import { reference } from '../reference-engine.js';
import { readResults, record, type ScaleCheck } from '../results.js';
import { recordTraffic, type Request } from './recording.js';
import { storeOf } from './stores.js';
import { predictedUnits, tallyOf } from './tally.js';

const VISITORS = 120;
const WITHIN = 0.01;

it('the model predicts what a recording of traffic consumes', async () => {
  const requests = recordTraffic(1, VISITORS);
  const { units, policy } = storeOf(readResults().comparison, 'own');
  const predicted = predictedUnits(tallyOf(requests, policy), units);

  const proxy = await MeteringProxy.start(reference());
  const site = await openOwn(proxy);
  for (let visitor = 0; visitor < VISITORS; visitor += 1) await site.mark(nameOf(visitor));
  const { reads, writes, indexWrites } = await proxy.of(() => replay(requests, site));
  await proxy.stop();

  const check: ScaleCheck = { requests: requests.length, predicted, consumed: { reads, writes, indexWrites } };
  console.log(check);
  for (const unit of ['reads', 'writes', 'indexWrites'] as const)
    expect(Math.abs(predicted[unit] / check.consumed[unit] - 1), unit).toBeLessThan(WITHIN);
  record('scale', check);
});

const nameOf = (visitor: number): string => `visitor-${visitor}`;

async function replay(requests: readonly Request[], site: OwnSite): Promise<void> {
  const cookies = new Map<number, Cookie | undefined>();
  let now = 0;
  for (const [place, { at, visitor, action }] of requests.entries()) {
    site.pass(at - now);
    now = at;
    const cookie = cookies.get(visitor);
    if (action === 'begin') cookies.set(visitor, await site.begin(ONE_KB));
    else if (action === 'stray') await site.view();
    else if (action === 'unknown') await site.view(site.wellFormed({ id: 'A'.repeat(22), secret: 'A'.repeat(32) }));
    else cookies.set(visitor, await site.request((session) => act(session, action, visitor, place), cookie));
  }
}

type Session = Parameters<Parameters<OwnSite['request']>[0]>[0];

async function act(
  session: Session,
  action: 'view' | 'change' | 'logIn' | 'logOut',
  visitor: number,
  place: number,
): Promise<void> {
  if (action === 'logIn') await session.logIn(nameOf(visitor));
  else if (action === 'logOut') await session.logOut();
  else if (action === 'change') session.set(CHANGED.key, `value ${place}`);
  else session.get(CHANGED.key);
}
