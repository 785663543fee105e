import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALARM_NAMES } from '../../cdk/alarm-options.js';
import { writtenOf } from '../cdk/cloudwatch.js';
import { only, synth } from '../cdk/synth.js';
import { type Engine, engines } from '../engines/index.js';
import { command } from './command.js';
import { operationsGuide, runbooks } from './runbooks.js';
import { expiredItem, openTable, type OperatedTable } from './table.js';

// What the runbooks of docs/guides/operations.md say is done here, and what they look at is there.

/** The cells of the first column of the table with this heading. */
function firstColumn(heading: string): string[] {
  const lines = operationsGuide.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${heading}`)) + 2;
  const rows = lines.slice(first, first + lines.slice(first).findIndex((line) => !line.startsWith('|')));
  return rows.flatMap((row) =>
    [...(row.split('|')[1] as string).matchAll(/`(\w+)`/g)].map(([, name]) => name as string),
  );
}

describe('the guide to operations', () => {
  it('has a runbook for each of these incidents', () => {
    expect(runbooks.map(({ title }) => title)).toEqual([
      'all',
      'A throttled table',
      'A cleanup that fails, or does not run',
      'A leaked table',
      'A stolen cookie',
      'A mass logout',
      'A restore',
      'A region that is down',
      'The key was rotated, or disabled',
      'Moving to another account or region',
      'Adopting a table that was kept',
    ]);
  });

  it('has commands in each of them', () => {
    for (const { scripts } of runbooks) expect(scripts.join('')).toMatch(/^(?:npx|aws|export) /m);
  });

  it('names every alarm, and no other', () => {
    expect(firstColumn('alarm ')).toEqual(ALARM_NAMES);
  });

  it('names every metric of the cleanup, and no other', () => {
    const [written] = writtenOf({ kind: 'finished' })._aws.CloudWatchMetrics;
    const names = written?.Metrics.map(({ Name }) => Name);
    expect(new Set(firstColumn('metric (namespace'))).toEqual(new Set(names));
  });

  it('looks at graphs that the dashboard has, and at lines that are in them', () => {
    const dashboard = only(
      synth(
        { metricsNamespace: 'Shop', replicas: [{ region: 'eu-west-1' }] },
        { env: { account: '111122223333', region: 'eu-west-3' } },
      ),
      'AWS::CloudWatch::Dashboard',
    );
    const body = JSON.stringify(dashboard.Properties).replaceAll('\\"', '"');
    const all = (pattern: RegExp, text: string): string[] =>
      [...text.matchAll(pattern)].map(([, name]) => name as string);
    const text = runbooks.map((runbook) => runbook.text.replaceAll(/```sh.*?```/gs, '')).join('\n');
    const graphs = all(/graph `([^`]+)`/g, text);
    expect(graphs.length).toBeGreaterThan(10);
    expect(all(/"title":"(.*?)"/g, body)).toEqual(expect.arrayContaining(graphs));

    const labels = [...all(/"label":"(.*?)"/g, body), ...all(/"DynamoDBSessions","(\w+)"/g, body)];
    const lines = all(/\b_([A-Z][^_\n]*)_\b/g, text);
    expect(lines.length).toBeGreaterThan(8);
    expect(labels.map((label) => label.toLowerCase())).toEqual(
      expect.arrayContaining(lines.map((line) => line.toLowerCase())),
    );
  });
});

/** A session in the examples of the guide. */
const SESSION = 'Kq3vXb0mTzOeYw1n5dRhQg';
const [engine] = engines() as [Engine];

describe.each(runbooks.filter(({ scripts }) => scripts.join('').includes('npx dynamodb-sessions')))(
  `the runbook “$title”, on ${engine.name}`,
  ({ scripts }) => {
    let table: OperatedTable;
    let id: string;

    beforeAll(async () => {
      table = await openTable(engine);
      ({ id } = await table.logIn('user-1', { theme: 'dark' }));
      await table.logIn('user-1');
      await table.logIn('user-2');
      await table.put([expiredItem()]);
    });
    afterAll(() => table.drop());

    const lines = scripts
      .join('\n')
      .split('\n')
      .filter((line) => line.startsWith('npx dynamodb-sessions '));

    // In the order of the guide: what ends sessions comes after what shows them.
    it.each(lines)('%s', async (line) => {
      const [text = '', comment = ''] = line.split(' # ');
      const args = text
        .replace('npx dynamodb-sessions ', '')
        .replace(/ --(?:table|region) \S+/g, '') // the engine has one of each
        .replace(SESSION, id)
        .split(' ');
      const { exitCode, stderr } = await command.run([...args, ...table.args]);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: Number(/^ends with (\d):/.exec(comment)?.[1] ?? 0) });
    });
  },
);
