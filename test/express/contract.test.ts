import { MemoryStore } from 'express-session';
import { ExpressSessionStore } from '../../src/express/index.js';
import { engines } from '../engines/index.js';
import { stores } from '../world/stores.js';
import { describeStore } from './contract.js';
import { formerStores } from './former-stores.js';

for (const engine of stores()) {
  describeStore(`ExpressSessionStore on ${engine.name}`, async () => {
    const table = await engine.open();
    return { store: new ExpressSessionStore({ persistence: table.persistence }), close: () => table.close() };
  });
}

// The behaviours are those of the interface, not of this package alone.
describeStore("express-session's own", () =>
  Promise.resolve({ store: new MemoryStore(), close: () => Promise.resolve() }),
);

for (const engine of engines()) {
  for (const { former, open } of formerStores) {
    describeStore(`${former} on ${engine.name}`, async () => {
      const { store, drop } = await open(engine);
      return { store, close: drop };
    });
  }
}
