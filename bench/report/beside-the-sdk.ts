import { operations, type OperationId } from '../comparison/operations.js';
import { handlerIds, handlers, type PerHandler } from '../handlers/index.js';
import type { AllResults, FirstView, Load, Results } from '../results.js';
import type { Spread } from '../statistics.js';
import { inThousands, table } from './markdown.js';
import { wasBusy } from './surroundings.js';
import { inKilobytes, outcomeOf } from './targets.js';

/** What something costs beside the SDK: before there was a client without it, as it should be, and as it is. */
interface Row {
  readonly what: string;
  readonly before: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
  readonly limit: string;
}

export function besideTheSdkTable(results: Results): string {
  const rows = [
    ...loadRows(results),
    ...firstViewRows(results),
    ...throttledRows(results),
    ...pageViewRows(results),
    ...costRows(results),
    ...operationRows(results),
    ...byteRows(results),
  ].map((row) => [row.what, row.before, row.target, row.measured, outcomeOf(row)]);
  return table(['what', 'before', 'target', 'measured', ''], rows);
}

const LIGHT = handlers.light.title;
const SDK = handlers.withSdk.title;
const titles = handlerIds.map((id) => handlers[id].title);

function loadRows({ load }: Results): Row[] {
  return byMajor(load).flatMap(([major, { ms, ratio, bytes }]) => [
    {
      what: `loading the bundle beside the SDK alone, Node ${major}, ${LIGHT}`,
      before: '1.05–1.10',
      target: '≤ 0.25',
      ...atMost(ratio.light, 0.25),
      limit: `node:https alone takes ${ms.bare.median} of the ${ms.light.median} ms, and the rest goes to ${inKilobytes(bytes.light)} kB; the SDK takes ${ms.sdkAlone.median} ms for ${inKilobytes(bytes.sdkAlone)}`,
    },
    {
      what: `the same, ${SDK}`,
      before: '1.05–1.10',
      target: '≤ 1.05',
      ...atMost(ratio.withSdk, 1.05),
      limit: `${difference(ms.withSdk, ms.sdkAlone)} ms more than ${ms.sdkAlone.median}, for the library's own ${inKilobytes(bytes.withSdk - bytes.sdkAlone)} kB`,
    },
  ]);
}

function firstViewRows({ firstView }: Results): Row[] {
  return byMajor(firstView).map(([major, view]) => ({
    what: `start of the process to the first page view, beside the SDK's bare GetItem, Node ${major}, ${LIGHT}`,
    before: '1.05',
    target: '≤ 0.45',
    ...atMost(view.ratio.light, 0.45),
    limit: nodeTakes(view),
  }));
}

function throttledRows({ throttled }: Results): Row[] {
  if (throttled === undefined) {
    return [
      {
        what: 'the same with a part of a processor',
        before: '1.04–1.07',
        target: '≤ 0.55',
        measured: '—',
        met: false,
        limit: 'it was not measured, because neither cgroups nor signals were to be had',
      },
    ];
  }
  return Object.entries(throttled.views).map(([memory, view]) => ({
    what: `the same with the processor of a Lambda of ${memory} MB`,
    before: '1.04–1.07',
    target: '≤ 0.55',
    ...atMost(view.ratio.light, 0.55),
    limit: nodeTakes(view),
  }));
}

const nodeTakes = ({ nodeMs, ms, withoutNode }: FirstView): string =>
  `an empty program takes ${nodeMs} of the ${ms.light.median} ms, and a bare request by node:https ${ms.bare.median}; without the empty program's time it is ${withoutNode.ratio.light.median.toFixed(2)}`;

function pageViewRows({ sameMachine: { ratio, light, floorMs }, overhead }: Results): Row[] {
  return [
    {
      what: `page view beside the floor on the SDK, the engine on the same machine, ${LIGHT}`,
      before: '1.04–1.06',
      target: '≤ 0.65',
      ...atMost(light, 0.65),
      limit: `${micros((1 - light.median) * floorMs)} µs of the floor's ${floorMs} ms are saved; the rest is the engine's, the socket's, and the library's ${overhead.microseconds.median} µs`,
    },
    {
      what: `the same, ${SDK}`,
      before: '1.04–1.06',
      target: '≤ 1.05',
      ...atMost(ratio, 1.05),
      limit: `${micros((ratio.median - 1) * floorMs)} µs more than ${floorMs} ms; in a loop of its own the library takes ${overhead.microseconds.median} µs`,
    },
  ];
}

function costRows({ viewCost: { microseconds, allocatedBytes } }: Results): Row[] {
  const bare = (spread: PerHandler<Spread>, unit: (number: number) => string): string =>
    `a bare request by node:https, unsigned and unchecked, takes ${unit(spread.bare.median)} of it`;
  return [
    {
      what: `processor time of a page view, ${LIGHT}`,
      before: '580 µs',
      target: '≤ 260 µs',
      measured: `${microseconds.light.median} µs (SDK alone: ${microseconds.sdkAlone.median})`,
      met: microseconds.light.median <= 260,
      limit: bare(microseconds, (number) => `${number} µs`),
    },
    {
      what: `allocations of a page view, ${LIGHT}`,
      before: '165 kB',
      target: '≤ 55 kB',
      measured: `${inKilobytes(allocatedBytes.light.median)} kB (SDK alone: ${inKilobytes(allocatedBytes.sdkAlone.median)})`,
      met: allocatedBytes.light.median <= 55_000,
      limit: bare(allocatedBytes, (number) => `${inKilobytes(number)} kB`),
    },
  ];
}

function operationRows({ equalCalls, overhead }: Results): Row[] {
  return Object.entries(equalCalls).flatMap(([id, { own, light, floorMs, steps }]) => {
    const calls = steps.flat().length;
    const what = `${operations[id as OperationId].title}, beside ${calls} bare calls on the SDK`;
    const limit = (ratio: Spread): string =>
      `${micros((ratio.median - 1) * floorMs)} µs more than the ${floorMs} ms of ${calls} bare calls, which have no conditions and a smaller item; the library itself takes ${overhead.microseconds.median} µs a request`;
    const before = '1.17–2.5';
    return [
      { what: `${what}, ${SDK}`, before, target: '≤ 1.10', ...atMost(own, 1.1), limit: limit(own) },
      {
        what: `the same, ${LIGHT}`,
        before,
        target: '≤ 0.80',
        ...atMost(light, 0.8),
        limit: `the engine's part of the ${floorMs} ms is the same for both; of the client's part, ${micros((1 - light.median) * floorMs)} µs are saved`,
      },
    ];
  });
}

function byteRows({ bytes }: Results): Row[] {
  const both = (what: 'logOut' | 'list'): string =>
    `${inThousands(bytes.own[what].received)} with the SDK, ${inThousands(bytes.light[what].received)} without`;
  const most = (what: 'logOut' | 'list'): number => Math.max(bytes.own[what].received, bytes.light[what].received);
  const { logOut, list } = bytes.light;
  return [
    {
      what: 'bytes that a logout receives, a session of 8 KB',
      before: '10 kB',
      target: '≤ 600',
      measured: both('logOut'),
      met: most('logOut') <= 600,
      limit: `${inThousands(logOut.sent)} are sent`,
    },
    {
      what: 'bytes that a list of 10 sessions of 8 KB receives',
      before: '99 kB',
      target: '≤ 6,000',
      measured: both('list'),
      met: most('list') <= 6_000,
      limit: `${inThousands(list.received / 10)} for each session: its ID, its times, where and on what it was begun`,
    },
  ];
}

/** How long loading and the first page view take, of each handler. */
export function startsTable({ load, loadOtherwise, firstView, throttled, coldStart }: Results): string {
  const head = ['milliseconds', 'empty program', ...titles, 'beside the SDK alone'];
  const row = (what: string, { ms, ratio }: Pick<Load, 'ms' | 'ratio'>, nodeMs?: number): string[] => [
    what,
    nodeMs === undefined ? '' : String(nodeMs),
    ...handlerIds.map((id) => String(ms[id].median)),
    `${spread(ratio.withSdk)}, **${spread(ratio.light)}**`,
  ];
  const rows = [
    ...byMajor(load).map(([major, times]) => row(`loading the bundle, Node ${major}`, times)),
    ...Object.entries(loadOtherwise.loads).map(([how, times]) =>
      row(`loading it, ${how}, Node ${loadOtherwise.nodeMajor}`, times),
    ),
    ...byMajor(firstView).map(([major, view]) => row(`first page view, Node ${major}`, view, view.nodeMs)),
    ...Object.entries(throttled?.views ?? {}).map(([memory, view]) =>
      row(`first page view, ${memory} MB, Node ${throttled?.nodeMajor}`, view, view.nodeMs),
    ),
    ...(coldStart === undefined
      ? []
      : [row(`first invocation under AWS's runtime client, Node ${coldStart.nodeMajor}`, coldStart)]),
  ];
  return table(head, rows);
}

/** How the processes were held to a part of a processor. */
export const quotaLine = ({ throttled }: Results): string =>
  throttled === undefined
    ? 'With a part of a processor it was not measured: neither cgroups nor signals were to be had.'
    : `The part of a processor is that of a Lambda: 1,769 MB come with one, in periods of 20 ms, here by ${throttled.kind}.`;

/** What a page view takes of the client's process. */
export function costTable({ viewCost: { microseconds, allocatedBytes } }: Results): string {
  const rows = [
    ['processor, µs', ...handlerIds.map((id) => String(microseconds[id].median))],
    ['allocated, kB', ...handlerIds.map((id) => inKilobytes(allocatedBytes[id].median))],
  ];
  return table(['one page view', ...titles], rows);
}

/** What the guide says in a sentence. */
export function guideLine(results: AllResults): string {
  const { load, firstView, throttled } = results;
  const [major, { ms }] = byMajor(load).at(-1) as [string, Load];
  const view = firstView[Number(major)];
  if (view === undefined) throw new Error('Loads and first page views are of the same versions of Node.');
  const slow = Object.entries(throttled?.views ?? {})[0];
  return [
    `On Node.js ${major}, its bundle loads in ${ms.light.median} ms, beside ${ms.sdkAlone.median} ms of the SDK's client alone and ${ms.withSdk.median} ms of the handler with both.`,
    `From the start of the process to the first page view it takes ${view.ms.light.median} ms, beside ${view.ms.sdkAlone.median} ms of a bare \`GetItem\` on the SDK${
      slow === undefined
        ? '.'
        : `; with the processor of a Lambda of ${slow[0]} MB, ${inThousands(slow[1].ms.light.median)} ms beside ${inThousands(slow[1].ms.sdkAlone.median)} ms.`
    }`,
    `These are medians on one machine${wasBusy(results) ? ', which was not quiet' : ''}; [Performance](../performance.md#beside-the-sdk) has the spread.`,
  ].join(' ');
}

const byMajor = <Value>(values: Readonly<Record<number, Value>>): [string, Value][] => Object.entries(values);

const atMost = (ratio: Spread, most: number): { readonly measured: string; readonly met: boolean } => ({
  measured: spread(ratio),
  met: ratio.median <= most,
});

const spread = ({ median, low, high }: Spread): string => `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
const difference = (one: Spread, other: Spread): string => (one.median - other.median).toFixed(1);
const micros = (ms: number): number => Math.round(ms * 1_000);
