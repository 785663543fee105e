import { anomalyOf, type Client } from './client.js';
import type { Binding, BindingCheck } from './device-binding.js';
import type { DataSeal } from './encryption.js';
import { StoreUnavailableError } from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { touchIsDue } from './lifetime.js';
import { loggedOutBy } from './marks.js';
import type { SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { type Standing, standingOf } from './rotation.js';
import { hashSecret, isSessionId, mintSecret, parseToken, type Secret, type Token } from './token.js';

/** A session that a request's token proves. */
export interface StartedSession {
  readonly id: string;
  readonly record: SessionRecord;
  readonly secret: Secret;
  /** `unproven`: the request has named the session, and is about to prove it by its device. */
  readonly standing: 'current' | 'previous' | 'unproven';
  /** When the request began (seconds), before anything was read. */
  readonly startedAt: number;
  readonly touchDue: boolean;
  /** The seal on its data, if it is known already. */
  readonly seal?: DataSeal | undefined;
  /** Whether the request has proven the device that the session is bound to. */
  readonly bound?: boolean;
  /** What it stores, if it has shown for the first time that the bound cookie has arrived. */
  readonly seen?: Binding;
  /** The session's user, if that had to be loaded. */
  readonly user?: SessionUser | undefined;
}

/** What the start of a request finds behind its tokens. */
export interface Start {
  readonly found?: StartedSession | undefined;
  /** Two live sessions that are both proven: so neither is the request's. */
  readonly rivals: readonly StartedSession[];
  /**
   * Whether the session was ended, or got another secret, a moment ago: then another response may have set a newer
   * cookie, and a session that began here would replace it.
   */
  readonly overtaken?: boolean;
  /** The session that got another secret a moment ago. */
  readonly overtaker?:
    | { readonly id: string; readonly record: SessionRecord | undefined; readonly secret?: Secret }
    | undefined;
}

/** Where one session stands to the request's tokens for it. */
interface Look extends Token {
  readonly record: SessionRecord | undefined;
  readonly standing: Standing;
  readonly touchDue: boolean;
  readonly endedAt?: number | undefined;
  /** What has to be done about it, if anything. Of a proven one, returns whether it is not the request's after all. */
  readonly act?: (() => Promise<unknown>) | undefined;
}

type Proven = Look & { readonly record: SessionRecord; readonly standing: 'current' | 'previous' } & Pick<
    StartedSession,
    'bound' | 'seen' | 'user'
  >;

/**
 * Finds the session that a request's tokens prove. Malformed tokens cost nothing, an unknown one costs one read.
 *
 * A browser sends one token; a second comes from whoever could set a cookie for a part of the site, or from a time
 * when the cookie had another Domain or Path. Order says nothing (RFC 6265bis, 4.2.2), so the one that is good is
 * taken; two good ones, or more than two sessions, are nobody's.
 *
 * @param boundTokens the values of the bound cookie; `undefined`: the request is there to get one
 */
export async function findSession<User extends SessionUser>(
  layer: GuardedLayer<User>,
  texts: readonly string[],
  client: Client,
  boundTokens: readonly string[] | undefined,
): Promise<Start> {
  const startedAt = layer.now;
  const tokens = texts.map(parseToken).filter((token) => token !== undefined);
  const ids = [...new Set(tokens.map(({ id }) => id))];
  const looks = await Promise.all(
    (ids.length > 2 ? [] : ids).map((id) => {
      const own = tokens.filter((token) => token.id === id);
      const lookAt = (fresh: boolean): Promise<Look> => look(layer, own, client, boundTokens, startedAt, fresh);
      // What a browser asks by itself is always answered with consequences: it keeps its key, or forgets it.
      const isExact = ids.length > 1 || boundTokens === undefined;
      return isExact ? lookAt(true) : layer.decide(lookAt, ({ act }) => act !== undefined);
    }),
  );
  const proven = looks.filter(isProven);
  const acts = await Promise.all((proven.length === 0 ? looks : proven).map(async ({ act }) => act?.()));
  // A second cookie that is no good says nothing against the one that is.
  const live = proven.filter((_, index) => acts[index] !== true).map((session) => ({ ...session, startedAt }));
  if (ids.length > 2 || live.length > 1) {
    layer.emit({ type: 'anomaly', reason: 'ambiguous-token', outcome: 'refused' });
    return { rivals: live, overtaken: true };
  }
  const [found] = live;
  if (found !== undefined) return { found, rivals: [] };

  const justNow = (time = Number.NEGATIVE_INFINITY): boolean => startedAt - time < layer.options.rotationGrace;
  const overtaker = looks.find(({ standing, record }) => standing === 'wrong' && justNow(record?.rotatedAt));
  const hasEnded = proven.length > 0 || looks.some(({ endedAt }) => justNow(endedAt));
  return { rivals: [], overtaken: overtaker !== undefined || hasEnded, overtaker };
}

/**
 * Finds a session that is bound to a device by its ID alone: for a browser which is about to prove the device, and which
 * sends no SameSite cookie along because another site has brought its user here.
 */
export async function findNamed<User extends SessionUser>(
  layer: GuardedLayer<User>,
  id: string,
): Promise<StartedSession | undefined> {
  const startedAt = layer.now;
  const record = isSessionId(id) ? await layer.load(id) : undefined;
  if (record?.deviceChallenge === undefined) return undefined;
  const touchDue = touchIsDue(layer.options, record, startedAt);
  const end = await logoutOf(layer, id, record, touchDue);
  await end?.();
  return end === undefined
    ? { id, record, secret: mintSecret(), standing: 'unproven', startedAt, touchDue }
    : undefined;
}

/** Looks where the tokens for one ID stand, and changes nothing. */
async function look<User extends SessionUser>(
  layer: GuardedLayer<User>,
  tokens: readonly Token[],
  client: Client,
  boundTokens: readonly string[] | undefined,
  startedAt: number,
  fresh: boolean,
): Promise<Look> {
  const [first] = tokens as [Token];
  let endedAt: number | undefined;
  const record = await layer.load(first.id, fresh, (_, at) => {
    endedAt = at;
  });
  const standings = tokens.map(({ secret }) =>
    record === undefined ? 'wrong' : standingOf(record, hashSecret(secret), startedAt),
  );
  const standing = STANDINGS.find((better) => standings.includes(better)) as Standing;
  const touchDue = record !== undefined && touchIsDue(layer.options, record, startedAt);
  const { id, secret } = tokens[standings.indexOf(standing)] as Token;
  const seen: Look = { id, secret, record, standing, touchDue, endedAt };
  if (isProven(seen)) {
    const { userId } = seen.record;
    const user = async (): Promise<User | undefined> => (userId === undefined ? undefined : layer.loadUser(userId));
    const device = boundTokens && (await layer.options.deviceBinding?.check(seen.record, boundTokens, startedAt, user));
    return { ...seen, ...device, act: await objectionTo(layer, seen, client, device) };
  }
  return { ...seen, act: async () => (standing === 'retired' ? punishReuse(layer, seen as Proven) : undefined) };
}

/** The best first. */
const STANDINGS: readonly Standing[] = ['current', 'previous', 'retired', 'wrong'];

const isProven = (seen: Look): seen is Proven => seen.standing === 'current' || seen.standing === 'previous';

async function objectionTo<User extends SessionUser>(
  layer: GuardedLayer<User>,
  seen: Proven,
  client: Client,
  device: BindingCheck | undefined,
): Promise<Look['act']> {
  const { event } = device ?? {};
  const tell = event && (() => layer.emit(event, seen.id, seen.record.userId));
  if (device?.refused === true) return async () => (tell?.(), true);
  const end = await logoutOf(layer, seen.id, seen.record, seen.touchDue);
  if (end !== undefined) return () => end().then(() => true);
  const anomaly = anomalyOf(layer.options, seen.record, client);
  if (tell === undefined) return anomaly && (() => endStrange(layer, seen, anomaly));
  return async () => (tell(), anomaly !== undefined && endStrange(layer, seen, anomaly));
}

/**
 * Looks whether the user, or everyone, has been logged out since this session's login, where that is due.
 *
 * @returns what clears away the session if so
 */
export async function logoutOf<User extends SessionUser>(
  layer: GuardedLayer<User>,
  id: string,
  record: SessionRecord,
  touchDue: boolean,
): Promise<(() => Promise<void>) | undefined> {
  const { revocationCheck } = layer.options;
  if (record.userId === undefined || revocationCheck === 'never' || (revocationCheck === 'touch' && !touchDue))
    return undefined;
  const marks = await layer.loadMarks(record.userId, false, record.login);
  const by = loggedOutBy(id, record, marks);
  if (by === undefined) return undefined;
  return async () => {
    if (layer.readOnly) return;
    layer.emit({ type: 'revoked', reason: REASONS[by] }, id, record.userId);
    try {
      // A login may have given the session a new life meanwhile.
      const generationBelow = by === 'generation' ? marks.generation : undefined;
      await layer.delete(id, { auth: record.auth, generationBelow });
    } catch (error) {
      // It is dead by its marks, ended or not.
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
  };
}

/** What is told of a session, by the mark that has logged it out. */
const REASONS = {
  generation: 'logged-out-everywhere',
  epoch: 'everyone-logged-out',
  login: 'login-ended',
} as const;

async function punishReuse<User extends SessionUser>(layer: GuardedLayer<User>, seen: Proven): Promise<void> {
  const revoked = layer.options.reuse === 'revoke' && (await end(layer, seen));
  layer.emit({ type: 'reused', outcome: revoked ? 'revoked' : 'reported' }, seen.id, seen.record.userId);
}

/** Does what the policy says about a client that is not the session's. */
async function endStrange<User extends SessionUser>(
  layer: GuardedLayer<User>,
  seen: Proven,
  { reason, otherwise }: NonNullable<ReturnType<typeof anomalyOf>>,
): Promise<boolean> {
  const refused = otherwise === 'destroy';
  const outcome = refused ? ((await end(layer, seen)) ? 'destroyed' : 'refused') : 'reported';
  layer.emit({ type: 'anomaly', reason, outcome }, seen.id, seen.record.userId);
  return refused;
}

/** Ends a session, unless the request may only look. */
async function end<User extends SessionUser>(layer: GuardedLayer<User>, { id, record }: Proven): Promise<boolean> {
  return !layer.readOnly && (await layer.delete(id, { auth: record.auth })).kind !== 'refused';
}
