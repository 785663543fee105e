import type { Results } from '../results.js';
import { inThousands, table } from './markdown.js';

/** What the cleanup's own benchmark found. */
export interface CleanupResults {
  readonly times: readonly { readonly name: string; readonly cleanupIsTimesAsFast: number }[];
  readonly peakHeapGrowthMB: Readonly<Record<string, number>>;
}

export interface Target {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Absent where nothing is asked. */
  readonly met?: boolean;
  /** Why not, where it is known. */
  readonly limit?: string;
}

export function targetsTable(results: Results, cleanup: CleanupResults): string {
  const rows = targetsOf(results, cleanup).map((target) => [
    target.what,
    target.target,
    target.measured,
    outcomeOf(target),
  ]);
  return table(['what', 'target', 'measured', ''], rows);
}

/** Whether it is met; and if not, why. */
export const outcomeOf = ({ met, limit }: Pick<Target, 'met' | 'limit'>): string =>
  met === undefined ? '' : met ? 'met' : `**missed**${limit === undefined ? '' : `: ${limit}`}`;

function targetsOf({ comparison, distance, overhead, bundle, scale }: Results, cleanup: CleanupResults): Target[] {
  const own = (id: keyof Results['comparison']): NonNullable<Results['comparison'][typeof id]['own']> => {
    const measured = comparison[id].own;
    if (measured === undefined) throw new Error(`${id} was not measured.`);
    return measured;
  };
  const view = own('pageView');
  const eventually = own('pageViewEventually').reads;
  const writing = [own('touch'), own('touchUser'), own('change')] as const;
  const writtenCalls = writing.map(({ calls }) => calls);
  const change = own('changeLarge').writtenBytes;
  const logOut = own('logOutEverywhere200');
  const sequential = comparison.logOutEverywhere200.sequentialFloor?.time?.ratio.median ?? Number.NaN;
  const logOutRatio = (logOut.time?.ratio.median ?? Number.NaN) / sequential;
  const parallel = cleanup.times.find(({ name }) => name.startsWith('parallel'))?.cleanupIsTimesAsFast ?? Number.NaN;
  const [smallTable = Number.NaN, largeTable = Number.NaN] = Object.entries(cleanup.peakHeapGrowthMB)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, megabytes]) => megabytes);
  const deviation = Math.max(
    ...(['reads', 'writes', 'indexWrites'] as const).map((unit) =>
      Math.abs(scale.predicted[unit] / scale.consumed[unit] - 1),
    ),
  );

  return [
    {
      what: 'page view',
      target: '1 call, 1 R, 0 W',
      measured: `${view.calls} call, ${view.reads} R, ${view.writes} W`,
      met: view.calls === 1 && view.reads === 1 && view.writes === 0,
    },
    {
      what: 'page view, `consistentRead: false`',
      target: '0.5 R',
      measured: `${eventually} R`,
      met: eventually === 0.5,
    },
    {
      what: `page view, time beside the floor's, each call taking ${distance.addedMs} ms more, as to the service`,
      target: '≤ 1.05',
      measured: distance.ratio.median.toFixed(2),
      met: distance.ratio.median <= 1.05,
      limit: `${Math.round((distance.ratio.median - 1) * distance.floorMs * 1_000)} µs more than ${distance.floorMs} ms`,
    },
    {
      what: 'page view that writes: anonymous touch, touch with the mark, change of data',
      target: '2 calls (3 with the mark), 1 W, 0 X',
      measured: `${writtenCalls.join(', ')} calls, ${writing.map(({ writes }) => writes).join(', ')} W, ${writing.map(({ indexWrites }) => indexWrites).join(', ')} X`,
      met:
        writtenCalls.join() === '2,3,2' &&
        writing.every(({ writes, indexWrites }) => writes === 1 && indexWrites === 0),
    },
    {
      what: 'change of one small key of 8 KB, the body that is sent',
      target: '≤ 600 bytes',
      measured: `${change} bytes`,
      met: change <= 600,
    },
    {
      what: 'log out everywhere, 200 sessions, calls',
      target: '≤ 12',
      measured: String(logOut.calls),
      met: logOut.calls <= 12,
    },
    {
      what: "log out everywhere, 200 sessions, time beside one delete after another's",
      target: '≤ 0.5',
      measured: logOutRatio.toFixed(2),
      met: logOutRatio <= 0.5,
    },
    {
      what: 'the library itself, for one request',
      target: '≤ 100 µs',
      measured: `${overhead.microseconds.median} µs`,
      met: overhead.microseconds.median <= 100,
    },
    {
      what: 'item of a logged-in session besides data and user agent: as it begins, with a replaced secret',
      target: '≤ 350 bytes',
      measured: `${overhead.itemBytes.begun}, ${overhead.itemBytes.rotated} bytes`,
      met: overhead.itemBytes.rotated <= 350,
    },
    {
      what: 'bundle with the light client: minified',
      target: '≤ 40 kB',
      measured: `${inKilobytes(bundle.light.minifiedBytes)} kB, ${inKilobytes(bundle.light.gzippedBytes)} kB gzipped`,
      met: bundle.light.minifiedBytes <= 40_000,
      limit: 'what the promises take; [by parts](#its-size)',
    },
    {
      what: 'cleanup, speed beside the fastest parallel loop with conditional deletions',
      target: '≥ 0.8',
      measured: parallel.toFixed(2),
      met: parallel >= 0.8,
    },
    {
      what: 'cleanup, growth of the heap for 10,000 and for 100,000 items',
      target: 'flat',
      measured: `${smallTable}, ${largeTable} MB`,
      met: largeTable <= smallTable + 8,
    },
    {
      what: 'the model, units of a recording beside those consumed',
      target: 'within 1 %',
      measured: `${(deviation * 100).toFixed(1)} % off, ${inThousands(scale.requests)} requests`,
      met: deviation < 0.01,
    },
  ];
}

export const inKilobytes = (bytes: number): string => (bytes / 1_000).toFixed(1);
