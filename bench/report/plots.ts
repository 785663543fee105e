import { contestants } from '../comparison/contestants.js';
import { type OperationId, operations } from '../comparison/operations.js';
import { handlerIds, handlers } from '../handlers/index.js';
import type { Comparison, Measured, Results } from '../results.js';
import { TYPICAL } from '../scale/behaviour.js';
import { demandOf } from '../scale/demand.js';
import { pressuresOf } from '../scale/pressures.js';
import { PRICES } from '../scale/prices.js';
import { type StoreId, storeIds, storeOf } from '../scale/stores.js';
import { unitDollars } from './scale-tables.js';

const COLOURS: Readonly<Record<StoreId, string>> = {
  floor: '#8b949e',
  own: '#1f6feb',
  connectDynamoDB: '#d97706',
  dynamodbStore: '#b55bd0',
  authAdapter: '#2a9d58',
};

const colour = {
  field: 'contestant',
  type: 'nominal',
  title: null,
  legend: { orient: 'top', columns: 3, symbolOpacity: 1 },
  scale: { domain: storeIds.map((id) => contestants[id].title), range: storeIds.map((id) => COLOURS[id]) },
};

const COMPARED: readonly OperationId[] = [
  'pageView',
  'touchUser',
  'change',
  'changeLarge',
  'create',
  'logIn',
  'logOut',
];
/** Beside a write of 8 KB the others would hardly be seen. */
const OF_ONE_KB = COMPARED.filter((id) => id !== 'changeLarge');
const POINTS = Array.from({ length: 26 }, (_, step) => 10 ** (3 + step / 5));

/** The time of each operation as a ratio to the floor's. */
export function timePlot(comparison: Comparison): object {
  return {
    title: {
      text: 'Time of a request',
      subtitle: 'Ratio to the fewest calls written by hand (1): median, and the middle half',
    },
    width: 560,
    height: { step: 12 },
    data: { values: valuesOf(comparison, COMPARED, ({ time }) => time && { ...time.ratio }) },
    encoding: {
      y: operation,
      yOffset: { field: 'contestant', sort: storeIds.map((id) => contestants[id].title) },
      color: colour,
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 3, opacity: 0.45, clip: true },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'point', filled: true, size: 75, opacity: 1, clip: true },
        encoding: {
          x: {
            field: 'median',
            type: 'quantitative',
            scale: { type: 'log', domainMin: 0.8, nice: false },
            axis: { title: null, orient: 'top', values: [1, 1.5, 2, 3, 4, 6, 8], format: '~g' },
          },
        },
      },
    ],
  };
}

/** From the start of a process to its first page view, with as much of a processor as a Lambda has. */
export function firstViewPlot({ firstView, throttled }: Results): object {
  const whole = Object.entries(firstView).at(-1);
  const views = [
    ...Object.entries(throttled?.views ?? {}).map(([memory, view]) => ({ size: `${memory} MB`, view })),
    ...(whole === undefined ? [] : [{ size: 'one processor', view: whole[1] }]),
  ];
  const empty = 'empty program';
  const values = views.flatMap(({ size, view: { ms, nodeMs } }) => [
    { size, handler: empty, median: nodeMs },
    ...handlerIds.map((id) => ({ size, handler: handlers[id].title, ...ms[id] })),
  ]);
  const order = [empty, ...handlerIds.map((id) => handlers[id].title)];
  return {
    title: {
      text: 'From the start of the process to the first page view',
      subtitle: 'Milliseconds, by the memory of a Lambda: median, and the middle half',
    },
    width: 560,
    height: { step: 14 },
    data: { values },
    encoding: {
      y: { ...operation, field: 'size' },
      yOffset: { field: 'handler', sort: order },
      color: {
        field: 'handler',
        type: 'nominal',
        title: null,
        legend: { orient: 'top', symbolOpacity: 1 },
        scale: { domain: order, range: ['#d0d7de', '#b1bac4', '#8b949e', '#6ca0f0', '#1f6feb'] },
      },
    },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 2 },
        encoding: { x: { field: 'median', type: 'quantitative', axis: { title: null, orient: 'top', tickCount: 6 } } },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.5, color: '#7d8590' },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
    ],
  };
}

/** What a million of each operation costs. */
export function dollarsPlot(comparison: Comparison): object {
  return {
    title: { text: 'Dollars for a million requests', subtitle: 'Read and write units, on the table and its index' },
    width: 560,
    height: { step: 13 },
    data: {
      values: valuesOf(comparison, OF_ONE_KB, ({ reads, writes, indexWrites }) => ({
        dollars: reads * PRICES.millionReads + (writes + indexWrites) * PRICES.millionWrites,
      })),
    },
    mark: { type: 'bar', cornerRadiusEnd: 2 },
    encoding: {
      y: operation,
      yOffset: { field: 'contestant', sort: storeIds.map((id) => contestants[id].title) },
      x: { field: 'dollars', type: 'quantitative', axis: { title: null, orient: 'top', format: '$~g', tickCount: 6 } },
      color: colour,
    },
  };
}

/** Dollars a month for a million users: by the model, the same at every size. */
export function monthPlot(comparison: Comparison): object {
  const values = storeIds.flatMap((id) => {
    const { reads, writes } = unitDollars(comparison, id, 1e6);
    const contestant = contestants[id].title;
    return [
      { contestant, kind: 'reads', dollars: reads },
      { contestant, kind: 'writes', dollars: writes },
    ];
  });
  return {
    title: { text: 'Dollars a month for a million users', subtitle: 'Read and write units on demand, us-east-1' },
    width: 560,
    height: { step: 34 },
    data: { values },
    mark: { type: 'bar', cornerRadiusEnd: 2 },
    encoding: {
      y: { field: 'contestant', type: 'nominal', title: null, sort: null, axis: { labelLimit: 0, ticks: false } },
      x: { field: 'dollars', type: 'quantitative', axis: { title: null, orient: 'top', format: '$,d', tickCount: 6 } },
      color: {
        field: 'kind',
        type: 'nominal',
        title: null,
        legend: { orient: 'top' },
        scale: { domain: ['reads', 'writes'], range: ['#6ca0f0', '#1f6feb'] },
      },
      order: { field: 'kind' },
    },
  };
}

/** How near the busiest second comes to each limit, by the number of users. */
export function pressurePlot(comparison: Comparison): object {
  const store = storeOf(comparison, 'own');
  const values = POINTS.flatMap((users) =>
    pressuresOf(demandOf(users, TYPICAL, store), TYPICAL, store).map(({ limit, share }) => ({ limit, users, share })),
  );
  const order = pressuresOf(demandOf(1e8, TYPICAL, store), TYPICAL, store).map(({ limit }) => limit);
  return {
    title: { text: 'What saturates first', subtitle: 'The busiest second of the day as a share of each limit' },
    width: 560,
    height: 320,
    layer: [
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2.5, clip: true },
        encoding: {
          x: byUsers,
          y: {
            ...logarithmic('share'),
            scale: { type: 'log', domain: [0.001, 30] },
            axis: { title: null, format: '~%', tickCount: 5 },
          },
          color: {
            field: 'limit',
            type: 'nominal',
            title: null,
            sort: order,
            scale: { scheme: 'tableau10' },
            legend: { orient: 'right' },
          },
        },
      },
      {
        data: { values: [{ share: 1 }] },
        mark: { type: 'rule', strokeDash: [6, 4], strokeWidth: 1.5, color: '#7d8590' },
        encoding: { y: { field: 'share', type: 'quantitative' } },
      },
    ],
  };
}

const operation = {
  field: 'operation',
  type: 'ordinal',
  title: null,
  sort: null,
  axis: { labelLimit: 0, ticks: false },
  scale: { paddingInner: 0.25 },
};

const byUsers = {
  field: 'users',
  type: 'quantitative',
  scale: { type: 'log', domain: [1e3, 1e8], nice: false },
  axis: { title: 'users', format: '~s', tickCount: 6 },
};

const logarithmic = (field: string): object => ({ field, type: 'quantitative', scale: { type: 'log' } });

function valuesOf(
  comparison: Comparison,
  ids: readonly OperationId[],
  numbers: (measured: Measured) => object | undefined,
): object[] {
  return ids.flatMap((id) =>
    storeIds.flatMap((contestant) => {
      const measured = comparison[id][contestant];
      const found = measured && numbers(measured);
      return found === undefined
        ? []
        : [{ operation: operations[id].title, contestant: contestants[contestant].title, ...found }];
    }),
  );
}
