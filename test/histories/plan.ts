import fc from 'fast-check';
import { SKEW } from './rules.js';

/**
 * A history before it happens, as plain data: what everybody is going to do, and in which order and with which faults
 * it happens. The same plan gives the same history, a smaller plan a shorter one.
 */
export interface Plan {
  readonly revocationCheck: 'touch' | 'always';
  /** Whether reads that do not ask for a fresh answer may get an old one. */
  readonly mayBeStale: boolean;
  /** How many sessions a user may have. */
  readonly bound?: number | null;
  /** Whether data is encrypted; `rolled out`: what is there from before is plain, and the first Lambda only opens. */
  readonly encryption?: 'off' | 'on' | 'rolled out';
  /** Whether logins are bound to devices. */
  readonly binds?: boolean;
  /** Whether the bound cookies of the logins before the history have been seen when it begins. */
  readonly hasArrived?: boolean;
  /** Whether the logins before the history came of an identity provider. */
  readonly hasProvider?: boolean;
  readonly browsers: readonly Beginning[];
  readonly lambdas: readonly { readonly skew: number; readonly errands: readonly Errand[] }[];
  /** What happens next, for as long as it is given. Then everything happens in turn, and well. */
  readonly steps: readonly Step[];
}

/** What a browser has when the history begins. The thief has a copy of the first browser's cookies, and not its key. */
export type Beginning = 'nothing' | 'anonymous' | 'user 0' | 'user 1' | 'thief';

/** A request of a browser. */
export interface Visit {
  readonly kind: 'visit';
  readonly browser: number;
  readonly actions: readonly Action[];
  readonly response: Response;
  /** Whether the handler goes on when the store is unavailable, and does not leave it to a 503. */
  readonly stubborn: boolean;
}

/** What a browser asks by itself because of its device. */
export interface DeviceErrand {
  readonly kind: 'register' | 'refresh';
  readonly browser: number;
  readonly response: Response;
  /** Whether another site has sent its user, so that the session cookie does not come along. */
  readonly crossSite: boolean;
  /** Whether it answers the challenge once more that it has answered last. */
  readonly again: boolean;
}

/** What becomes of a response. */
export type Response = 'arrives' | 'is lost' | 'is late';

/** What a Lambda instance does, one after the other. */
export type Errand =
  | Visit
  | DeviceErrand
  | { readonly kind: 'revoke'; readonly browser: number }
  | { readonly kind: 'logOutUser'; readonly user: number; readonly except: number | null }
  | { readonly kind: 'logOutEveryone' }
  | { readonly kind: 'ofUser'; readonly user: number }
  /** The provider ends a login. `namesUser`: it says whose. */
  | { readonly kind: 'endLogin'; readonly user: number; readonly sid: number; readonly namesUser: boolean }
  /** The provider ends all logins of a user, as of so many seconds ago. */
  | { readonly kind: 'endLoginsOf'; readonly user: number; readonly age: number };

/** What a handler does with its session. `wait` is work of its own, during which others go on. */
export type Action =
  | { readonly kind: 'set' | 'delete'; readonly key: PlainKey }
  | {
      readonly kind: 'logIn';
      readonly user: number;
      readonly exclusive: boolean;
      /** The ID token that proves it: of which of the user's sessions at the provider, and how many seconds old. */
      readonly idToken?: { readonly sid: number; readonly age: number } | null;
    }
  | { readonly kind: 'logOut'; readonly keep: boolean }
  | {
      readonly kind: 'wait' | 'save' | 'update' | 'getAndDelete' | 'regenerate' | 'destroy';
    };

/** Keys that are set; `visits` is only updated. */
export type PlainKey = 'theme' | 'cart' | 'challenge';

export interface Step {
  /** Who goes on, among those that wait. */
  readonly pick: number;
  readonly fate: Fate;
  /** How many seconds pass before. */
  readonly pass: number;
  /** What the clock of the Lambda is off by from now on; `null`: as before. */
  readonly skew: number | null;
}

/**
 * What becomes of a call to the store: `fail`: it is not carried out, and the Lambda is told of a failure. `lost`: it
 * is carried out, and the answer lost. `late`: the Lambda gives up, and the call is carried out later. `stale`: the
 * answer is one of a moment ago, where the store may give such. `again`: it is sent twice; the Lambda gets the answer to
 * one copy, and the other is carried out later. `crash`, `crash after`: the Lambda ends before, or
 * after, the call is carried out.
 */
export type Fate = 'well' | 'fail' | 'lost' | 'late' | 'stale' | 'again' | 'crash' | 'crash after';

/** Everything as it should be. */
export const WELL: Step = { pick: 0, fate: 'well', pass: 0, skew: null };

/** How much of what is in a history. */
export interface Scope {
  readonly mayBeStale: boolean;
  readonly lambdas: number;
  readonly errands: number;
  readonly steps: number;
}

export const SHORT: Scope = { mayBeStale: true, lambdas: 3, errands: 3, steps: 50 };
/** Of a store that was not told to lag, behind a network. */
export const ON_AN_ENGINE: Scope = { mayBeStale: false, lambdas: 3, errands: 2, steps: 40 };

export function plans(scope: Scope): fc.Arbitrary<Plan> {
  const kinds = [
    { weight: 4, binds: false, hasProvider: false },
    { weight: 1, binds: true, hasProvider: false },
    { weight: 1, binds: false, hasProvider: true },
    { weight: 1, binds: true, hasProvider: true },
  ];
  return fc.oneof(...kinds.map(({ weight, ...kind }) => ({ weight, arbitrary: plansOf(kind, scope) })));
}

/** What there is in a history beside sessions. */
type Kind = Required<Pick<Plan, 'binds' | 'hasProvider'>>;

function plansOf(kind: Kind, scope: Scope): fc.Arbitrary<Plan> {
  return fc.record({
    binds: fc.constant(kind.binds),
    hasArrived: fc.boolean(),
    hasProvider: fc.constant(kind.hasProvider),
    revocationCheck: fc.constantFrom('touch', 'always'),
    bound: often<number | null>(fc.constant(null), 2, fc.constantFrom(1, 2)),
    encryption: often<Plan['encryption'] & string>(fc.constant('off'), 1, fc.constantFrom('on', 'rolled out')),
    mayBeStale: scope.mayBeStale ? often(fc.constant(false), 3, fc.constant(true)) : fc.constant(false),
    browsers: fc.tuple(
      fc.constantFrom<Beginning[]>('anonymous', 'user 0', 'nothing'),
      fc.constantFrom<Beginning[]>('nothing', 'thief', 'user 0', 'user 1'),
    ),
    lambdas: fc.array(
      fc.record({
        skew: skews,
        errands: fc.array(errands(kind), { minLength: 1, maxLength: scope.errands, size: 'max' }),
      }),
      { minLength: 1, maxLength: scope.lambdas, size: 'max' },
    ),
    steps: fc.array(steps, { maxLength: scope.steps, size: 'max' }),
  });
}

/** Mostly the one, sometimes the other; the one is the simpler. */
const often = <T>(usual: fc.Arbitrary<T>, weight: number, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ withCrossShrink: true }, { arbitrary: usual, weight }, { arbitrary: rare, weight: 1 });

const skews = often(fc.constant(0), 1, fc.integer({ min: -SKEW, max: SKEW }));
const users = often(fc.constant(0), 3, fc.constant(1));
const browsers = often(fc.constant(0), 3, fc.constant(1));
const sids = often(fc.constant(0), 2, fc.constant(1));
const ages = often(fc.constant(0), 2, fc.constantFrom(1, 10, 45));
const plainKeys = fc.constantFrom<PlainKey[]>('theme', 'cart', 'challenge');
const responses = often<Response>(fc.constant('arrives'), 4, fc.constantFrom('is lost', 'is late'));

const actions = ({ hasProvider }: Kind): fc.Arbitrary<Action> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait') }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('set'), key: plainKeys }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), key: plainKeys }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('update') }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('getAndDelete') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('save', 'regenerate') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('destroy') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('logOut'), keep: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('logIn'),
        user: users,
        exclusive: often(fc.constant(false), 3, fc.constant(true)),
        idToken: hasProvider
          ? often<{ sid: number; age: number } | null>(fc.record({ sid: sids, age: ages }), 4, fc.constant(null))
          : fc.constant(null),
      }),
    },
  ) as fc.Arbitrary<Action>;

const errands = (kind: Kind): fc.Arbitrary<Errand> =>
  fc.oneof(
    { withCrossShrink: true },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('visit'),
        browser: browsers,
        actions: fc.array(actions(kind), { maxLength: 3, size: 'max' }),
        response: responses,
        stubborn: often(fc.constant(false), 3, fc.constant(true)),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke'), browser: browsers }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('logOutUser'),
        user: users,
        except: often(fc.constant(0), 2, fc.constant(null)),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('ofUser'), user: users }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('logOutEveryone') }) },
    ...(kind.binds ? [{ weight: 5, arbitrary: deviceErrands }] : []),
    ...(kind.hasProvider ? [{ weight: 6, arbitrary: providerErrands }] : []),
  ) as fc.Arbitrary<Errand>;

const deviceErrands = fc.record({
  kind: often(fc.constant('refresh'), 3, fc.constant('register')),
  browser: browsers,
  response: responses,
  crossSite: often(fc.constant(false), 3, fc.constant(true)),
  again: often(fc.constant(false), 4, fc.constant(true)),
});

const providerErrands = fc.oneof(
  fc.record({ kind: fc.constant('endLogin'), user: users, sid: sids, namesUser: fc.boolean() }),
  fc.record({ kind: fc.constant('endLoginsOf'), user: users, age: ages }),
);

const steps: fc.Arbitrary<Step> = fc.record({
  pick: fc.nat({ max: 5 }),
  fate: often<Fate>(
    fc.constant('well'),
    6,
    fc.constantFrom<Fate[]>('fail', 'lost', 'late', 'stale', 'stale', 'again', 'again', 'crash', 'crash after'),
  ),
  pass: often(fc.constant(0), 5, fc.constantFrom(1, 3, 10, 25, 45, 70, 85, 110)),
  skew: often<number | null>(fc.constant(null), 15, fc.integer({ min: -SKEW, max: SKEW })),
});
