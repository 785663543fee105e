import { styleText } from 'node:util';
import { timestamp } from '../core/clock.js';
import { isSealed } from '../core/encryption.js';
import type { SessionRecord } from '../core/record.js';
import { userKey } from '../core/user-id.js';
import { readItem, textOfValue } from '../table/item.js';
import type { Item } from '../table/port.js';
import { DATA_PREFIX } from '../table-schema.js';
import { sizeOfItem } from './item-size.js';
import { printable } from './printable.js';
import { fromNow, size } from './quantities.js';
import { fieldList, textTable } from './text-table.js';
import { sayUser } from './user-option.js';

/**
 * What an operator is shown of a session. Each thing is named here: what is not, such as the hash of the secret and
 * what the next secret is derived from, is never shown.
 */

export type SessionState = keyof typeof STATES;

const STATES = {
  live: 'live',
  expired: 'expired: no request finds it any more, but its item is not removed yet',
  'logged-out':
    'logged out: its user, or everyone, was logged out after its login, or the login was ended at the provider',
  ended: 'ended: only a tombstone is left, which will expire',
  unreadable: 'unreadable: no request finds it, because something else has written or damaged it',
  'newer-version': 'written by a newer version of dynamodb-sessions: update this command to see more',
} as const;

export interface SessionView {
  readonly id: string;
  readonly item: Item;
  readonly state: SessionState;
  /** Whether the data's values are shown, too. */
  readonly withValues: boolean;
}

/** The session as JSON: times as ISO 8601, the user as the table has it, and the data's texts as they are stored. */
export function documentOf({ id, item, state, withValues }: SessionView): unknown {
  const record = recordIn(item);
  const time = (seconds: number | undefined): string | undefined =>
    seconds === undefined ? undefined : timestamp(seconds);
  return {
    id,
    state,
    ...(record && {
      user: record.userId === undefined ? undefined : userKey(record.userId),
      createdAt: time(record.createdAt),
      lastSeenAt: time(record.lastSeenAt),
      expiresAt: time(record.expiresAt),
      absoluteExpiresAt: time(record.absoluteExpiresAt),
      authenticatedAt: time(record.authenticatedAt),
      rotatedAt: time(record.rotatedAt),
      address: record.address,
      userAgent: record.userAgent,
    }),
    bytes: sizeOfItem(item),
    data: Object.fromEntries(
      dataIn(item).map(({ key, bytes, text }) => [
        key,
        { bytes, ...(isSealed(text) && { encrypted: true }), ...(withValues && { stored: text }) },
      ]),
    ),
  };
}

export function wordsOf({ id, item, state, withValues }: SessionView, now: number): string {
  const record = recordIn(item);
  const data = dataIn(item);
  const time = (seconds: number | undefined): string | undefined =>
    seconds === undefined ? undefined : `${timestamp(seconds)}  ${styleText('dim', fromNow(seconds, now))}`;
  const fields = fieldList([
    ['state', styleText(state === 'live' ? 'green' : 'yellow', STATES[state])],
    ['user', record && (record.userId === undefined ? 'nobody: not logged in' : sayUser(record.userId))],
    ['created', time(record?.createdAt)],
    ['logged in', time(record?.authenticatedAt)],
    ['last seen', time(record?.lastSeenAt)],
    ['ends', time(record?.expiresAt)],
    ['ends at the latest', time(record?.absoluteExpiresAt)],
    ['secret renewed', time(record?.rotatedAt)],
    ['address', record?.address && printable(record.address)],
    ['user agent', record?.userAgent && printable(record.userAgent)],
    ['size', size(sizeOfItem(item))],
  ]);
  const rows = data.map(({ key, bytes, text }) => [
    printable(JSON.stringify(key)),
    `${size(bytes)}${isSealed(text) ? ', encrypted' : ''}`,
    ...(withValues ? [printable(text)] : []),
  ]);
  const headings = ['KEY', 'SIZE', ...(withValues ? ['STORED AS'] : [])];
  return `${styleText('bold', `Session ${id}`)}\n\n${fields}\n\n${data.length === 0 ? 'It holds no data.' : textTable(headings, rows)}`;
}

function recordIn(item: Item): SessionRecord | undefined {
  const stored = readItem(item);
  return stored.kind === 'session' ? stored.record : undefined;
}

interface Datum {
  readonly key: string;
  readonly bytes: number;
  readonly text: string;
}

function dataIn(item: Item): readonly Datum[] {
  return Object.entries(item)
    .filter(([name]) => name.startsWith(DATA_PREFIX))
    .map(([name, value]) => ({
      key: name.slice(DATA_PREFIX.length),
      bytes: sizeOfItem({ [name]: value }),
      text: textOfValue(value) ?? '',
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
