import type { Marks, Spared } from './persistence-layer.js';
import type { SessionRecord } from './record.js';

/** For how long a mark stays: a day longer than any session can live (option `absoluteTimeout`). In seconds. */
export const MARK_LIFETIME: number = 401 * 86_400;

/** What a session keeps of the marks that its login has found. */
export function atLogin({ generation, epoch }: Marks): Pick<SessionRecord, 'generation' | 'epoch'> {
  return { ...(generation !== undefined && { generation }), ...(epoch !== undefined && { epoch }) };
}

/** A session as a mark says that it spares it. */
export function sparing(id: string, { generation = 0 }: Pick<SessionRecord, 'generation'>): Spared {
  return { id, generation };
}

/** Whether the mark of a login at a provider says that it is over. */
export function hasLoginEnded(login: string | undefined, ended: Marks['endedLogins'] | undefined): boolean {
  return login !== undefined && ended?.has(login) === true;
}

/** By which mark a session has been logged out, if by any; each mark that concerns it must have been looked for. */
export function loggedOutBy(
  id: string,
  record: Pick<SessionRecord, 'generation' | 'epoch' | 'login'>,
  { generation = 0, spared, epoch = 0, endedLogins }: Marks,
): 'generation' | 'epoch' | 'login' | undefined {
  if ((record.epoch ?? 0) < epoch) return 'epoch';
  if (hasLoginEnded(record.login, endedLogins)) return 'login';
  const own = record.generation ?? 0;
  const isSpared = id === spared?.id && own >= spared.generation;
  return own >= generation || isSpared ? undefined : 'generation';
}
