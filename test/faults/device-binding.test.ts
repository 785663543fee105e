import { beforeAll, describe, expect, it } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import type { PersistenceLayer } from '../../src/index.js';
import { Application } from '../dbsc/application.js';
import { engines } from '../engines/index.js';
import { withOneClient } from '../world/clients.js';
import { type Asked, DeviceBrowser } from '../world/device-browser.js';
import { FAULTS, type Fault, type Network } from '../world/faults.js';
import { isAwaited, isEncrypted, planFor } from './attempts.js';
import { openStage, type Stage } from './stage.js';

const faults = Object.keys(FAULTS) as Exclude<Fault, 'none'>[];

/** What each of the browser's own requests asks of DynamoDB. */
const CALLS = {
  register: ['GetItem', 'UpdateItem'],
  refresh: ['GetItem', 'BatchGetItem', 'UpdateItem'],
} as const;

// Each fault befalls one engine and client, in turn.
const places = withOneClient(engines());

describe.each(places)('16. binding to a device × every fault on $name', ({ name: here, engine, client }) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  /** A browser whose requests go to one Lambda or the other, at the same time of one clock. */
  async function begin(waits: boolean, binds: boolean, encrypted: boolean): Promise<Play> {
    const { layer, network } = await stage.instance({ waits });
    const [sound, struck] = [applicationOn(stage.sound, encrypted), applicationOn(layer, encrypted)];
    const play = { isStruck: false };
    const send = (asked: Asked): ReturnType<Application['send']> => {
      struck.now = sound.now;
      return (play.isStruck ? struck : sound).send(asked);
    };
    const browser = new DeviceBrowser(send, { clock: sound.clock, binds });
    await browser.visit('/login');
    return Object.assign(play, { sound, network, browser });
  }

  it.each(['register', 'refresh'] as const)('makes these calls to %s, and no others', async (request) => {
    const play = await begin(false, request === 'refresh', true);
    if (request === 'refresh') await play.browser.visit('/');
    play.sound.now += request === 'refresh' ? 540 : 0;
    play.isStruck = true;
    play.network.planEach(() => 'none');
    await play.browser[request]();
    expect(play.network.sent).toEqual(CALLS[request]);
  });

  for (const [turn, fault] of faults.entries()) {
    if (places[turn % places.length]?.name !== here) continue;
    const options = { timeout: 120_000, concurrent: isAwaited(fault) };

    it(
      `${fault}: ${FAULTS[fault].meaning} A registration leaves a session that its user goes on with (B6)`,
      options,
      async () => {
        for (const operation of CALLS.register) {
          for (const attempts of ['first', 'all'] as const) {
            const play = await begin(isAwaited(fault), false, isEncrypted(turn, attempts));
            const { browser, network, sound } = play;
            play.isStruck = true;
            network.planEach(planFor(fault, attempts, { operation, call: 0 }));
            const { status } = await browser.register();
            play.isStruck = false;
            expect([200, 503]).toContain(status);
            if (attempts === 'first') expect(status).toBe(200);
            await network.releaseZombies();
            sound.now += 300;
            expect((await browser.visit('/')).body).toBe('"ann, dark"');
            expect((await browser.visit('/bound')).body).toBe(String(status === 200));
          }
        }
      },
    );

    it(
      `${fault}: ${FAULTS[fault].meaning} A renewal ends no session, and is made good by the next (B6)`,
      options,
      async () => {
        for (const operation of CALLS.refresh) {
          for (const attempts of ['first', 'all'] as const) {
            const play = await begin(isAwaited(fault), true, isEncrypted(turn, attempts));
            const { browser, network, sound } = play;
            await browser.visit('/');
            sound.now += 540;
            play.isStruck = true;
            network.planEach(planFor(fault, attempts, { operation, call: CALLS.refresh.indexOf(operation) }));
            const { status } = await browser.prove();
            play.isStruck = false;
            expect([200, 503]).toContain(status);
            await network.releaseZombies();
            expect((await browser.visit('/bound')).body).toBe('true');
            expect((await browser.refresh()).status).toBe(200);
            expect((await browser.visit('/')).body).toBe('"ann, dark"');
          }
        }
      },
    );
  }
});

/** It keeps something in the session. */
function applicationOn(layer: PersistenceLayer, encrypted: boolean): Application {
  const application = new Application(layer, {}, encrypted ? { encryption: encryptedData() } : {});
  application.pages['/login'] = (session) => {
    session.set('theme', 'dark');
    return session.logIn('ann');
  };
  application.pages['/'] = (session) => `${session.userId}, ${session.get('theme')}`;
  return application;
}

interface Play {
  isStruck: boolean;
  readonly sound: Application;
  readonly network: Network;
  readonly browser: DeviceBrowser;
}
