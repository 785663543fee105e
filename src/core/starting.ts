import { anomalyOf, type Client } from './client.js';
import { StoreUnavailableError } from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { touchIsDue } from './lifetime.js';
import { loggedOutBy } from './marks.js';
import type { SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { type Standing, standingOf } from './rotation.js';
import { hashSecret, parseToken, type Secret, type Token } from './token.js';

/** What the start of a request finds behind its tokens. */
export interface StartedSession {
  readonly id: string;
  readonly record: SessionRecord;
  readonly secret: Secret;
  readonly standing: 'current' | 'previous';
  /** When the request began (seconds), before anything was read. */
  readonly startedAt: number;
  readonly touchDue: boolean;
}

interface Candidate extends Token {
  readonly record: SessionRecord;
  readonly standing: Standing;
}

/**
 * Finds the session that a request's tokens prove. Malformed tokens cost nothing, an unknown one costs one read.
 *
 * A browser sends one token; a second comes from whoever could set a cookie for a part of the site. Order says
 * nothing (RFC 6265bis, 4.2.2), so the one that is good is taken; two good ones, or more than two sessions, are
 * nobody's.
 */
export async function findSession<User extends SessionUser>(
  layer: GuardedLayer<User>,
  texts: readonly string[],
  client: Client,
): Promise<StartedSession | undefined> {
  const startedAt = layer.now;
  const tokens = texts.map(parseToken).filter((token) => token !== undefined);
  const ids = [...new Set(tokens.map(({ id }) => id))];
  if (ids.length > 2) return refuseAmbiguous(layer);

  const candidates = (await Promise.all(ids.map((id) => look(layer, id, tokens, ids.length > 1)))).flat();
  const accepted = candidates.filter(isAccepted);
  if (new Set(accepted.map(({ id }) => id)).size > 1) return refuseAmbiguous(layer);

  const found = accepted.find(({ standing }) => standing === 'current') ?? accepted[0];
  if (found === undefined) {
    for (const candidate of candidates) if (candidate.standing === 'retired') await punishReuse(layer, candidate);
    return undefined;
  }
  const touchDue = touchIsDue(layer.options, found.record, startedAt);
  if (await isLoggedOut(layer, found, touchDue)) return undefined;
  return (await isStrange(layer, found, client)) ? undefined : { ...found, startedAt, touchDue };
}

/**
 * Where the tokens for one ID stand. A read that may be stale is repeated before a token is called bad; of two IDs,
 * each is read once.
 */
async function look<User extends SessionUser>(
  layer: GuardedLayer<User>,
  id: string,
  tokens: readonly Token[],
  fresh: boolean,
): Promise<readonly Candidate[]> {
  const own = tokens.filter((token) => token.id === id);
  const judged = (record: SessionRecord | undefined): readonly Candidate[] =>
    record === undefined
      ? []
      : own.map((token) => ({ ...token, record, standing: standingOf(record, hashSecret(token.secret), layer.now) }));
  const candidates = judged(await layer.load(id, fresh));
  const isFinal = fresh || !layer.mayBeStale || candidates.some(isAccepted);
  return isFinal ? candidates : judged(await layer.load(id, true));
}

function isAccepted(candidate: Candidate): candidate is Candidate & { standing: 'current' | 'previous' } {
  return candidate.standing === 'current' || candidate.standing === 'previous';
}

function refuseAmbiguous<User extends SessionUser>(layer: GuardedLayer<User>): undefined {
  layer.emit({ type: 'anomaly', reason: 'ambiguous-token', outcome: 'refused' });
}

async function punishReuse<User extends SessionUser>(
  layer: GuardedLayer<User>,
  { id, record }: Candidate,
): Promise<void> {
  const revoke = layer.options.reuse === 'revoke' && !layer.readOnly;
  const revoked = revoke && (await layer.delete(id, { auth: record.auth })).kind !== 'refused';
  layer.emit({ type: 'reused', outcome: revoked ? 'revoked' : 'reported' }, id, record.userId);
}

/** Whether the user, or everyone, has been logged out since this session's login; if so, clears away what is left. */
export async function isLoggedOut<User extends SessionUser>(
  layer: GuardedLayer<User>,
  { id, record }: Pick<Candidate, 'id' | 'record'>,
  touchDue: boolean,
): Promise<boolean> {
  const { revocationCheck } = layer.options;
  if (record.userId === undefined || revocationCheck === 'never' || (revocationCheck === 'touch' && !touchDue))
    return false;
  const marks = await layer.loadMarks(record.userId);
  const by = loggedOutBy(id, record, marks);
  if (by === undefined) return false;
  if (layer.readOnly) return true;
  const reason = by === 'epoch' ? 'everyone-logged-out' : 'logged-out-everywhere';
  layer.emit({ type: 'revoked', reason }, id, record.userId);
  try {
    // A login may have given the session a new life meanwhile, and "log out all others" may have spared it.
    await layer.delete(id, by === 'epoch' ? { auth: record.auth } : { generationBelow: marks.generation });
  } catch (error) {
    // It is dead by its marks, deleted or not.
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
  return true;
}

/** Whether the client is so unlike the session's that the policy ends the session. */
async function isStrange<User extends SessionUser>(
  layer: GuardedLayer<User>,
  { id, record }: Candidate,
  client: Client,
): Promise<boolean> {
  const anomaly = anomalyOf(layer.options, record, client);
  if (anomaly === undefined) return false;
  const refused = anomaly.otherwise === 'destroy';
  const destroy = refused && !layer.readOnly;
  const destroyed = destroy && (await layer.delete(id, { auth: record.auth })).kind !== 'refused';
  const outcome = destroyed ? 'destroyed' : refused ? 'refused' : 'reported';
  layer.emit({ type: 'anomaly', reason: anomaly.reason, outcome }, id, record.userId);
  return refused;
}
