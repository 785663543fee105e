import {
  deserializeSession,
  ExtendablePersistenceLayer,
  type PersistenceLayer,
  serializeSession,
} from '../../src/index.js';

/** The least of layers, as a user may write one: a text for an ID, which the store drops when it is told to. */
export function textLayer(): PersistenceLayer {
  const texts = new Map<string, { text: string; dropAt: number }>();
  return new ExtendablePersistenceLayer({
    async loadSession(id, { now = Date.now() / 1000 } = {}) {
      const entry = texts.get(id);
      return entry === undefined || entry.dropAt <= now ? undefined : deserializeSession(entry.text);
    },
    async saveSession(id, session) {
      texts.set(id, { text: serializeSession(session), dropAt: session.expiresAt });
    },
  });
}
