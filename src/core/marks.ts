import type { Marks } from './persistence-layer.js';
import type { SessionRecord } from './record.js';

/** What a session keeps of the marks that its login has found. */
export function atLogin({ generation, epoch }: Marks): Pick<SessionRecord, 'generation' | 'epoch'> {
  return { ...(generation !== undefined && { generation }), ...(epoch !== undefined && { epoch }) };
}

/** By which mark a session has been logged out, if by any. */
export function loggedOutBy(
  id: string,
  record: Pick<SessionRecord, 'generation' | 'epoch'>,
  { generation = 0, spared, epoch = 0 }: Marks,
): 'generation' | 'epoch' | undefined {
  if ((record.epoch ?? 0) < epoch) return 'epoch';
  const own = record.generation ?? 0;
  const isSpared = id === spared?.id && own >= spared.from;
  return own >= generation || isSpared ? undefined : 'generation';
}
