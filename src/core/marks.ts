import type { Marks } from './persistence-layer.js';
import type { SessionRecord } from './record.js';

/** By which mark a session has been logged out, if by any. */
export function loggedOutBy(
  record: Pick<SessionRecord, 'generation' | 'epoch'>,
  { generation = 0, epoch = 0 }: Marks,
): keyof Marks | undefined {
  if ((record.epoch ?? 0) < epoch) return 'epoch';
  return (record.generation ?? 0) < generation ? 'generation' : undefined;
}
