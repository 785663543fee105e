import { styleText } from 'node:util';
import { timestamp } from '../core/clock.js';
import type { Census, Class } from './census.js';
import { count, fromNow, number, size } from './quantities.js';
import { fieldList } from './text-table.js';

/** What a reading of the table has come to. */
export interface StatsReport {
  readonly table: string;
  readonly census: Census;
  /** Whether all that was to be read was. */
  readonly complete: boolean;
  /** How much of the table was to be read, in percent. */
  readonly sample: number;
  readonly readUnits: number;
}

/** As JSON. The numbers are of what was read: with a sample they are not scaled. */
export function documentOf({ table, census, complete, sample, readUnits }: StatsReport): unknown {
  const { live, expired, loggedOut, oldestExpiredAt } = census;
  const classesOf = (classes: readonly Class[], unit: string): unknown =>
    classes.map(({ upTo, count: sessions }) => ({
      ...(Number.isFinite(upTo) && { [`upTo${unit}`]: upTo }),
      sessions,
    }));
  return {
    table,
    complete,
    samplePercent: sample,
    readUnits,
    items: census.items,
    bytes: census.bytes,
    live: { sessions: live.count, loggedIn: live.loggedIn, bytes: live.bytes },
    expired: { sessions: expired.count, bytes: expired.bytes },
    loggedOut: { sessions: loggedOut.count, bytes: loggedOut.bytes },
    ...(oldestExpiredAt !== undefined && { oldestExpiredAt: timestamp(oldestExpiredAt) }),
    newerVersion: census.newerVersion,
    unreadable: census.unreadable,
    userMarks: census.userMarks,
    loginMarks: census.loginMarks,
    tombstones: census.tombstones,
    largest: census.largest,
    byAge: classesOf(census.byAge, 'Seconds'),
    bySize: classesOf(census.bySize, 'Bytes'),
  };
}

/** In words. With a sample, the numbers are estimates of the whole table. */
export function wordsOf({ table, census, complete, sample, readUnits }: StatsReport, now: number): string {
  const { live, expired, loggedOut, largest, oldestExpiredAt } = census;
  const scale = 100 / sample;
  const about = sample === 100 ? '' : 'about ';
  const amount = (items: number): string => (items === 0 ? '0' : about + number(items * scale));
  const some = (items: number): string | undefined => (items === 0 ? undefined : amount(items));
  const histogram = (classes: readonly Class[], say: (bound: number) => string): string =>
    fieldList(
      classes.map(({ upTo, count: sessions }, index) => [
        Number.isFinite(upTo) ? `up to ${say(upTo)}` : `over ${say(classes[index - 1]?.upTo ?? 0)}`,
        `${barOf(sessions, live.count)} ${amount(sessions)}`,
      ]),
    );
  return [
    ...(complete ? [] : [styleText('yellow', 'Incomplete: stats ended before it had read the whole table.')]),
    styleText('bold', `Table ${table}`),
    fieldList([
      ['items', `${amount(census.items)}, ${size(census.bytes * scale)}`],
      ['live sessions', `${amount(live.count)} (${amount(live.loggedIn)} logged in); ${size(live.bytes * scale)}`],
      ['expired sessions', `${amount(expired.count)}; ${size(expired.bytes * scale)}`],
      ['expired longest', oldestExpiredAt === undefined ? undefined : fromNow(oldestExpiredAt, now)],
      [
        'logged out',
        loggedOut.count === 0 ? undefined : `${amount(loggedOut.count)}; ${size(loggedOut.bytes * scale)}`,
      ],
      ['newer versions', some(census.newerVersion)],
      ['unreadable', some(census.unreadable)],
      ['users’ marks', some(census.userMarks)],
      ['ended logins’ marks', some(census.loginMarks)],
      ['tombstones', some(census.tombstones)],
      ['average size', live.count === 0 ? undefined : size(live.bytes / live.count)],
      ['largest', largest && `${size(largest.bytes)}: ${largest.id}`],
      ['read units used', number(readUnits)],
    ]),
    ...(live.count === 0
      ? []
      : [
          `\n${styleText('bold', 'Live sessions by age')}`,
          histogram(census.byAge, sayAge),
          `\n${styleText('bold', 'Live sessions by size')}`,
          histogram(census.bySize, size),
        ]),
  ].join('\n');
}

const sayAge = (seconds: number): string =>
  seconds < 86_400 ? count(seconds / 3_600, 'hour') : count(seconds / 86_400, 'day');

const LONGEST_BAR = 30;

/** Anything but nothing is seen. */
const barOf = (part: number, whole: number): string =>
  '▇'.repeat(Math.ceil((part / Math.max(1, whole)) * LONGEST_BAR)).padEnd(LONGEST_BAR);
