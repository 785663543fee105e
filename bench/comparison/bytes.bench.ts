import { it } from 'vitest';
import { type ClientBytes, record } from '../results.js';
import { reference } from '../reference-engine.js';
import { openLight, openOwn, type OwnSite } from './own.js';
import { EIGHT_KB } from './session-data.js';
import { type Bytes, WireTap } from './wire-tap.js';

const SESSIONS = 10;
const USER = 'user-0';

it('the bytes of a logout, and of a list of ten sessions, of 8 KB each', async () => {
  const tap = await WireTap.start(reference());
  const results = {
    own: await bytesOf(tap, await openOwn(tap)),
    light: await bytesOf(tap, await openLight(tap)),
  };
  await tap.stop();
  console.log(results);
  record('bytes', results);
});

async function bytesOf(tap: WireTap, site: OwnSite): Promise<ClientBytes> {
  const cookies: string[] = [];
  for (let begun = 0; begun < SESSIONS; begun += 1) cookies.push(await site.begin(EIGHT_KB, USER));
  const list = await passing(tap, () => site.list(USER));
  // What the logout itself takes: the request has read its session before.
  let logOut: Bytes | undefined;
  await site.request(async (session) => {
    logOut = await passing(tap, () => session.logOut());
  }, cookies[0]);
  if (logOut === undefined) throw new Error('Nobody was logged out.');
  return { logOut, list };
}

async function passing(tap: WireTap, action: () => Promise<unknown>): Promise<Bytes> {
  const before = tap.bytes;
  await action();
  const { sent, received } = tap.bytes;
  return { sent: sent - before.sent, received: received - before.received };
}
