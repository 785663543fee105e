import {
  type Expected,
  type Marks,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type SessionChange,
  type SessionRecord,
  StoreUnavailableError,
  type UserSessions,
} from '../../src/index.js';
import { type Action, type Beginning, type Errand, type Fate, type Plan, type Visit, WELL } from './plan.js';
import { RULES } from './rules.js';

type Save = PersistenceLayer['saveSession'];
type Update = Extract<SessionChange, { kind: 'update' }>;

/** A persistence layer with a mistake in it, to see that the checker finds it. */
export interface BrokenLayer {
  readonly mistake: string;
  /** By which promise it is found. */
  readonly promise: number;
  /** The store itself, where the mistake is in how it writes. */
  readonly store?: () => PersistenceLayer;
  /** What every Lambda puts before the store, where the mistake is in how it asks. */
  readonly before?: (layer: PersistenceLayer) => PersistenceLayer;
  /** What has to happen for it to be found, where that is so rare that nobody waits for it. */
  readonly plan?: Plan;
}

const set: Action = { kind: 'set', key: 'theme' };

export const visit = (action: Action): Visit => ({
  kind: 'visit',
  browser: 0,
  actions: [action],
  response: 'arrives',
  stubborn: false,
});

function times<T>(count: number, item: T): T[] {
  return Array.from({ length: count }, () => item);
}

/** One Lambda, one browser, and for each step who goes on and how. */
export const planOf = (
  beginning: Beginning,
  errands: readonly Errand[],
  steps: readonly (readonly [pick: number, fate?: Fate])[],
): Plan => ({
  revocationCheck: 'touch',
  mayBeStale: false,
  browsers: [beginning],
  lambdas: [{ skew: 0, errands }],
  steps: steps.map(([pick, fate = 'well']) => ({ ...WELL, pick, fate })),
});

/** A key is set, and set again; then a copy of the first write lands. */
const LATE_SET = planOf('anonymous', [visit(set), visit(set)], [[0], [0], [0, 'again'], ...times(20, [1] as const)]);

/** A browser whose session is bound, and was seen to be. */
const BOUND: Plan = { ...planOf('user 0', [], []), binds: true, hasArrived: true };

/** Mistakes that persistence layers have been seen to make, and some that this one might. */
export const BROKEN_LAYERS: readonly BrokenLayer[] = [
  {
    mistake: 'a save without a condition',
    promise: 6,
    store: () => saving((save, id, session, change, stored) => save(id, session, accepting(change, stored))),
  },
  {
    mistake: 'an upsert: a save that inserts what is not there',
    promise: 1,
    store: () =>
      saving(
        (save, id, session, change, stored) => save(id, session, stored === undefined ? { kind: 'create' } : change),
        leavingNothing(),
      ),
  },
  {
    mistake: 'a save of the whole session, not of what changed in it',
    promise: 3,
    store: () => saving((save, id, session, change, stored) => save(id, session, wholly(change, session, stored))),
  },
  {
    mistake: 'an update, and a getAndDelete, that are not atomic',
    promise: 14,
    store: () => saving((save, id, session, change) => save(id, session, withoutValue(change))),
  },
  {
    mistake: 'an update that is not atomic',
    promise: 8,
    store: () =>
      saving((save, id, session, change, stored) => {
        const isUpdate = change.kind === 'update' && change.set.includes('visits');
        const { fence = 0 } = stored ?? {};
        return save(id, session, isUpdate ? expecting(withoutValue(change), { fence }) : change);
      }),
  },
  {
    mistake: 'a save that revives what has expired',
    promise: 2,
    store: () => saving((save, id, session, change) => save(id, session, expecting(change, { now: 0 }))),
  },
  {
    mistake: 'rotations that do not notice each other',
    promise: 4,
    store: () =>
      saving((save, id, session, change, stored) =>
        save(id, session, expecting(change, stored && { secretHash: stored.secretHash })),
      ),
  },
  {
    mistake: 'grace at login: the secret from before stays good for a while',
    promise: 6,
    store: () =>
      saving((save, id, session, change, stored) => {
        const isReissue = change.kind === 'update' && stored !== undefined && session.auth > stored.auth;
        return save(id, isReissue ? { ...session, previousHash: stored.secretHash } : session, change);
      }),
  },
  {
    mistake: 'a login that does not end the writes begun before it',
    promise: 6,
    store: () =>
      saving((save, id, session, change, stored) =>
        save(id, session, expecting(change, stored && { auth: stored.auth })),
      ),
  },
  {
    mistake: 'a touch that prolongs the absolute timeout',
    promise: 10,
    store: () =>
      saving((save, id, session, change) => {
        const expiresAt = session.lastSeenAt + RULES.idleTimeout;
        return save(id, change.kind === 'update' && change.touched ? { ...session, expiresAt } : session, change);
      }),
  },
  {
    mistake: 'a delete without a condition',
    promise: 6,
    store: () => {
      const layer: PersistenceLayer = new MemoryPersistenceLayer();
      return overriding(layer, { deleteSession: (id, _condition, options) => layer.deleteSession(id, {}, options) });
    },
  },
  {
    mistake: 'a delete that says of what is not there that it was deleted',
    promise: 15,
    store: () => {
      const layer: PersistenceLayer = new MemoryPersistenceLayer();
      return overriding(layer, {
        deleteSession: async (...call) => {
          const outcome = await layer.deleteSession(...call);
          return outcome?.kind === 'absent' ? { kind: 'deleted' } : outcome;
        },
      });
    },
  },
  {
    mistake: 'an end that leaves nothing in the place of the session',
    promise: 1,
    store: leavingNothing,
    plan: planOf('nothing', [visit(set), visit({ kind: 'destroy' })], [[0], [0, 'again'], ...times(20, [1] as const)]),
  },
  {
    mistake: 'a tombstone of which nobody is told',
    promise: 15,
    before: (layer) =>
      overriding(layer, {
        loadSession: (id, options) =>
          layer.loadSession(id, { ...options, report: (finding) => finding !== 'ended' && options?.report?.(finding) }),
      }),
  },
  {
    mistake: 'a fence that nobody looks at',
    promise: 3,
    plan: LATE_SET,
    store: () =>
      saving((save, id, session, change, stored) =>
        save(id, session, expecting(change, stored && { fence: stored.fence ?? 0 })),
      ),
  },
  {
    mistake: 'a write that was sent twice, of which nobody is told',
    promise: 3,
    plan: LATE_SET,
    before: (layer) =>
      overriding(layer, {
        saveSession: async (...call) => {
          const outcome = await layer.saveSession(...call);
          return outcome?.kind === 'saved' ? { kind: 'saved' } : outcome;
        },
      }),
  },
  {
    mistake: 'sparing a session that another logout everywhere has ended meanwhile',
    promise: 9,
    plan: {
      ...planOf('user 0', [{ kind: 'logOutUser', user: 0, except: 0 }], [[0], [1], [1], [0], [1], [1, 'stale']]),
      lambdas: [
        { skew: 0, errands: [{ kind: 'logOutUser', user: 0, except: 0 }] },
        { skew: 0, errands: [{ kind: 'logOutUser', user: 0, except: null }] },
      ],
    },
    store: () => {
      const layer: PersistenceLayer = new MemoryPersistenceLayer();
      return overriding(layer, {
        raiseUserMark: async (userId, expiresAt, options) => {
          const since = (await layer.loadMarks?.(userId))?.generation;
          return layer.raiseUserMark?.(userId, expiresAt, { ...options, since });
        },
      });
    },
  },
  {
    mistake: 'a logout everywhere that spares whom the last one spared',
    promise: 9,
    plan: {
      ...planOf('user 0', [], [...times(8, [0] as const), ...times(20, [0, 'stale'] as const)]),
      lambdas: times(2, { skew: 0, errands: [visit({ kind: 'logIn', user: 0, exclusive: true })] }),
    },
    store: () => {
      const layer: PersistenceLayer = new MemoryPersistenceLayer();
      return overriding(layer, {
        raiseUserMark: async (userId, expiresAt, options) => {
          const { spared, generation } = (await layer.loadMarks?.(userId)) ?? {};
          const spare = options?.spare ?? spared;
          return layer.raiseUserMark?.(userId, expiresAt, { ...options, spare, since: generation });
        },
      });
    },
  },
  {
    mistake: 'a logout everywhere by the index alone',
    promise: 9,
    before: (layer) =>
      new Proxy(layer, {
        get: (target, name) => (/Marks?$/.test(String(name)) ? undefined : (Reflect.get(target, name) as unknown)),
      }),
  },
  {
    mistake: 'a logout of everyone that nobody looks for',
    promise: 9,
    before: (layer) =>
      overriding(layer, {
        loadMarks: async (...call) => withoutEpoch((await layer.loadMarks?.(...call)) as Marks),
        loadUserSessions: async (...call) => withoutEpoch((await layer.loadUserSessions?.(...call)) as UserSessions),
      }),
  },
  {
    mistake: 'a proof of a device that is good twice',
    promise: 16,
    store: () =>
      saving((save, id, session, change, stored) =>
        save(id, session, expecting(change, stored && { deviceChallenge: stored.deviceChallenge as Uint8Array })),
      ),
  },
  {
    mistake: 'a login that leaves the session bound to the device of before',
    promise: 16,
    store: () =>
      saving((save, id, session, change) => {
        const leaves = change.kind === 'update' && change.userAttached;
        return save(id, session, leaves ? { ...change, bound: false } : change);
      }),
  },
  {
    mistake: 'a bound cookie that does not run out',
    promise: 16,
    plan: {
      ...BOUND,
      browsers: ['user 0', 'thief'],
      lambdas: [{ skew: 0, errands: [{ ...visit(set), browser: 1 }] }],
      steps: [{ ...WELL, pass: 45 }],
    },
    store: () =>
      saving((save, id, session, change) =>
        save(id, session.boundUntil === undefined ? session : { ...session, boundUntil: 2_000_000_000 }, change),
      ),
  },
  {
    mistake: 'a session that is read without its binding',
    promise: 16,
    before: (layer) =>
      overriding(layer, {
        loadSession: async (...call) => {
          const record = await layer.loadSession(...call);
          return record && { ...record, deviceKey: undefined };
        },
      }),
  },
  {
    mistake: 'a save that undoes the binding of another request',
    promise: 4,
    plan: {
      ...BOUND,
      lambdas: [
        { skew: 0, errands: [visit(set)] },
        {
          skew: 0,
          errands: [{ kind: 'refresh', browser: 0, response: 'arrives', crossSite: false, again: false }],
        },
      ],
      steps: [0, 1, 0, 1, 1, 0].map((pick) => ({ ...WELL, pick, pass: 3 })), // till each request needs its cookie
    },
    store: () =>
      saving((save, id, session, change) =>
        save(id, session, change.kind === 'update' ? { ...change, bound: true } : change),
      ),
  },
  {
    mistake: 'an end that leaves bound sessions as they are',
    promise: 16,
    store: () => {
      const layer: PersistenceLayer = new MemoryPersistenceLayer();
      return overriding(layer, {
        deleteSession: async (id, ...rest) => {
          const record = await layer.loadSession(id, { now: 0 });
          return record?.deviceKey === undefined ? layer.deleteSession(id, ...rest) : { kind: 'deleted' };
        },
      });
    },
  },
  {
    mistake: 'an ended login at the provider that nobody looks for',
    promise: 17,
    before: (layer) =>
      overriding(layer, { loadMarks: async (...call) => withoutLogins((await layer.loadMarks?.(...call)) as Marks) }),
  },
  {
    mistake: 'an ended login at the provider that only logins look for',
    promise: 17,
    before: (layer) =>
      overriding(layer, {
        loadMarks: async (userId, options) => {
          const marks = (await layer.loadMarks?.(userId, options)) as Marks;
          return options?.fresh === true ? marks : withoutLogins(marks);
        },
      }),
  },
  {
    mistake: 'an ended login at the provider that is taken for every login',
    promise: 17,
    store: () => {
      const layer: PersistenceLayer = new MemoryPersistenceLayer();
      let hasEnded = false;
      return overriding(layer, {
        endLogin: async () => {
          hasEnded = true;
        },
        loadMarks: async (userId, options) => {
          const marks = (await layer.loadMarks?.(userId, options)) as Marks;
          const { login } = options ?? {};
          return hasEnded && login !== undefined ? { ...marks, endedLogins: new Set([login]) } : marks;
        },
      });
    },
  },
  {
    mistake: 'a logout at the provider without its time: a token from before it is good after it',
    promise: 17,
    before: (layer) =>
      overriding(layer, {
        loadMarks: async (...call) => withoutTime((await layer.loadMarks?.(...call)) as Marks),
      }),
  },
  {
    mistake: 'a logout at the provider that is said again, and ends what has begun since',
    promise: 4,
    plan: planOf(
      'nothing',
      [
        { kind: 'endLoginsOf', user: 0, age: 0 },
        visit({ kind: 'logIn', user: 0, exclusive: false }),
        { kind: 'endLoginsOf', user: 0, age: 10 },
        visit(set),
      ],
      [],
    ),
    before: (layer) =>
      overriding(layer, {
        raiseUserMark: async (userId, expiresAt, { issuedBefore: _, ...options } = {}) =>
          layer.raiseUserMark?.(userId, expiresAt, options),
      }),
  },
  {
    mistake: 'a failed read that is taken for an absent session',
    promise: 7,
    before: (layer) =>
      overriding(layer, { loadSession: (...call) => layer.loadSession(...call).catch(() => undefined) }),
  },
  {
    mistake: 'a lost answer that is taken for success',
    promise: 3,
    before: (layer) =>
      overriding(layer, {
        saveSession: (...call) => layer.saveSession(...call).catch(() => ({ kind: 'saved' as const })),
      }),
  },
  {
    mistake: 'a write whose answer was lost, sent again with a new mark',
    promise: 8,
    before: (layer) => overriding(layer, { saveSession: (...call) => savingAgain(layer, ...call) }),
  },
  {
    mistake: 'a cache without a bound',
    promise: 1,
    before: (layer) => {
      const known = new Map<string, SessionRecord>();
      return overriding(layer, {
        mayBeStale: true,
        async loadSession(id, options) {
          const record = options?.fresh === true ? undefined : known.get(id);
          if (record !== undefined) return record;
          const loaded = await layer.loadSession(id, options);
          if (loaded !== undefined) known.set(id, loaded);
          return loaded;
        },
      });
    },
  },
];

/** A layer in RAM that saves as it is told to, knowing what is stored. */
function saving(
  act: (
    save: (id: string, session: SessionRecord, change: SessionChange) => ReturnType<Save>,
    id: string,
    session: SessionRecord,
    change: SessionChange,
    stored: SessionRecord | undefined,
  ) => ReturnType<Save>,
  layer: PersistenceLayer = new MemoryPersistenceLayer(),
): PersistenceLayer {
  return overriding(layer, {
    async saveSession(id, session, change, options) {
      const stored = await layer.loadSession(id, { now: 0 });
      return act((...what) => layer.saveSession(...what, options), id, session, change, stored);
    },
  });
}

/** A layer in RAM in which an ended session is as if it had never been. */
function leavingNothing(): PersistenceLayer {
  const layer: PersistenceLayer = new MemoryPersistenceLayer();
  const anew = new Map<string, PersistenceLayer>();
  const of = (id: string): PersistenceLayer => anew.get(id) ?? layer;
  return overriding(layer, {
    loadSession: (id, options) => of(id).loadSession(id, options),
    saveSession: (id, ...rest) => of(id).saveSession(id, ...rest),
    async deleteSession(id, ...rest) {
      const outcome = await of(id).deleteSession(id, ...rest);
      if (outcome?.kind === 'deleted') anew.set(id, new MemoryPersistenceLayer());
      return outcome;
    },
  });
}

/** The layer with some functions of another kind. */
export function overriding(layer: PersistenceLayer, overrides: Partial<PersistenceLayer>): PersistenceLayer {
  return new Proxy(layer, {
    get(target, name) {
      const member: unknown = Reflect.get(overrides, name) ?? Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** The change with other expectations. */
function expecting(change: SessionChange, expected: Partial<Expected> | undefined): SessionChange {
  return change.kind === 'create' ? change : { ...change, expected: { ...change.expected, ...expected } };
}

/** The change, whatever value its key has. */
function withoutValue(change: SessionChange): SessionChange {
  if (change.kind === 'create') return change;
  const { value: _, ...expected } = change.expected;
  return { ...change, expected };
}

/** The change, expecting nothing but that there is a session. */
const accepting = (change: SessionChange, stored: SessionRecord | undefined): SessionChange =>
  expecting(
    withoutValue(change),
    stored && { now: 0, auth: stored.auth, secretHash: stored.secretHash, fence: stored.fence ?? 0 },
  );

/** The change of everything to what the session is to be. */
function wholly(change: SessionChange, session: SessionRecord, stored: SessionRecord | undefined): SessionChange {
  if (change.kind === 'create') return change;
  const removed = [...(stored?.data.keys() ?? [])].filter((key) => !session.data.has(key));
  return { ...change, set: [...session.data.keys()], removed } satisfies Update;
}

async function savingAgain(
  layer: PersistenceLayer,
  ...[id, session, change, options]: Parameters<Save>
): ReturnType<Save> {
  try {
    return await layer.saveSession(id, session, change, options);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return layer.saveSession(
      id,
      { ...session, lastWrite: new Uint8Array(8).map(() => Math.random() * 256) },
      change,
      options,
    );
  }
}

const withoutTime = ({ issuedBefore: _, ...marks }: Marks): Marks => marks;

const withoutLogins = ({ endedLogins: _, ...marks }: Marks): Marks => marks;

function withoutEpoch<M extends Marks>({ epoch: _, ...marks }: M): Omit<M, 'epoch'> {
  return marks;
}
