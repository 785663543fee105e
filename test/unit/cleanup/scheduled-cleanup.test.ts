import { describe, expect, it, vi } from 'vitest';
import { type CleanupContext, scheduledCleanup } from '../../../src/cleanup/scheduled-cleanup.js';
import { ConfigurationError, StoreUnavailableError } from '../../../src/core/errors.js';
import type { Client } from '../../../src/dynamodb/sender.js';

const NOW = 1_800_000_000;
const DAY = 86_400;
const context: CleanupContext = { getRemainingTimeInMillis: () => 60_000 };
const environment = { DYNAMODB_SESSIONS_TABLE: 'Sessions', DYNAMODB_SESSIONS_REGION: 'eu-west-1' };

type Command = { readonly constructor: { readonly name: string }; readonly input: Record<string, unknown> };
type Answers = Readonly<Record<string, (input: Record<string, unknown>) => unknown>>;

/** A page with two items that have expired, one of a newer version, and seven that are alive. */
const page = {
  Items: [
    { id: { S: 'a' }, expiresAt: { N: String(NOW - 3 * DAY) }, version: { N: '1' } },
    { id: { S: 'b' }, expiresAt: { N: String(NOW - 2 * DAY) }, version: { N: '1' } },
    { id: { S: 'c' }, expiresAt: { N: String(NOW - 2 * DAY) }, version: { N: '2' } },
  ],
  ScannedCount: 10,
  ConsumedCapacity: { CapacityUnits: 2.5 },
};
const oneSegment = { ...environment, DYNAMODB_SESSIONS_CLEANUP_SEGMENTS: '1' };

const error = (name: string): Error => Object.assign(new Error('No.'), { name });

/** Runs the function once, against a DynamoDB that answers as told: what it did, printed and asked for. */
async function invoke(
  answers: Answers,
  { event = {}, settings = {} }: { event?: unknown; settings?: Record<string, string> } = {},
) {
  const sent: string[] = [];
  const lines: string[] = [];
  const send = async ({ constructor: { name }, input }: Command): Promise<unknown> => {
    sent.push(name.replace(/Command$/, ''));
    return answers[sent.at(-1) as string]?.(input) ?? {};
  };
  const handler = scheduledCleanup(
    { ...oneSegment, ...settings },
    {
      createClient: () => ({ send }) as unknown as Client,
      print: (line) => lines.push(line),
      clock: { now: () => NOW * 1_000 },
    },
  );
  const result = await handler(event, context).then(
    (report) => ({ report, error: undefined }),
    (reason: Error) => ({ report: undefined, error: reason }),
  );
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('\n');
  return { ...result, sent, metrics: JSON.parse(lines[0] as string) as Record<string, unknown> };
}

describe('the cleanup function', () => {
  it('prints one line of metrics', async () => {
    const { metrics, report, sent } = await invoke({ Scan: () => page });
    expect(report).toMatchObject({ kind: 'finished', deleted: 2 });
    expect(sent).toEqual(['GetItem', 'Scan', 'DeleteItem', 'DeleteItem', 'DeleteItem']);
    expect(metrics).toMatchInlineSnapshot(`
      {
        "Deleted": 2,
        "Duration": 0,
        "Expired": 2,
        "Failed": 0,
        "Finished": 1,
        "OldestExpiredAge": 259200,
        "ReadUnits": 2.5,
        "Scanned": 10,
        "Skipped": 1,
        "TableName": "Sessions",
        "Unfinished": 0,
        "_aws": {
          "CloudWatchMetrics": [
            {
              "Dimensions": [
                [
                  "TableName",
                ],
              ],
              "Metrics": [
                {
                  "Name": "Scanned",
                  "Unit": "Count",
                },
                {
                  "Name": "Expired",
                  "Unit": "Count",
                },
                {
                  "Name": "Deleted",
                  "Unit": "Count",
                },
                {
                  "Name": "Skipped",
                  "Unit": "Count",
                },
                {
                  "Name": "OldestExpiredAge",
                  "Unit": "Seconds",
                },
                {
                  "Name": "ReadUnits",
                  "Unit": "Count",
                },
                {
                  "Name": "Duration",
                  "Unit": "Milliseconds",
                },
                {
                  "Name": "Finished",
                  "Unit": "Count",
                },
                {
                  "Name": "Unfinished",
                  "Unit": "Count",
                },
                {
                  "Name": "Failed",
                  "Unit": "Count",
                },
              ],
              "Namespace": "DynamoDBSessions",
            },
          ],
          "Timestamp": 1800000000000,
        },
        "dryRun": false,
        "extended": 0,
        "outcome": "finished",
        "segments": 1,
        "segmentsDone": 1,
      }
    `);
  });

  it('says that it is not finished, and how far it is', async () => {
    const { metrics } = await invoke(
      { Scan: () => ({ ...page, LastEvaluatedKey: { id: { S: 'c' } } }) },
      { settings: { DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET: '5' } },
    );
    expect(metrics).toMatchObject({
      outcome: 'unfinished',
      reason: 'budget',
      Finished: 0,
      Unfinished: 1,
      Failed: 0,
      ReadUnits: 5,
      segments: 1,
      segmentsDone: 0,
    });
  });

  it.each(['-1', '-9E+15', '-1E+125'])(
    'takes an end before 1970 for one in 1970, for CloudWatch refuses great numbers: %s',
    async (expiresAt) => {
      const damaged = { ...page.Items[0], expiresAt: { N: expiresAt } };
      const { metrics } = await invoke({ Scan: () => ({ ...page, Items: [damaged] }) });
      expect(metrics).toMatchObject({ Expired: 1, OldestExpiredAge: NOW });
    },
  );

  it('leaves to TTL what has expired within its grace', async () => {
    const asked: unknown[] = [];
    const Scan = (input: Record<string, unknown>): unknown => {
      asked.push(...Object.values(input['ExpressionAttributeValues'] as object));
      return page;
    };
    await invoke({ Scan });
    expect(asked).toContainEqual({ N: String(NOW - 2 * DAY) });
    await invoke({ Scan }, { settings: { DYNAMODB_SESSIONS_CLEANUP_GRACE: '3600' } });
    expect(asked).toContainEqual({ N: String(NOW - 3_600) });
  });

  it.each([
    ['ResourceNotFoundException', 'The table was not found'],
    ['AccessDeniedException', 'dynamodb:Scan'],
  ])('fails on %s, in its metrics and for Lambda, and says what to do', async (name, advice) => {
    const outcome = await invoke({
      Scan: () => {
        throw error(name);
      },
    });
    expect(outcome.error).toBeInstanceOf(StoreUnavailableError);
    expect(outcome.error?.message).toContain(advice);
    expect(outcome.metrics).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining(advice),
      cause: name,
      Finished: 0,
      Unfinished: 0,
      Failed: 1,
      Deleted: 0,
    });
  });

  it('has no ID in what it prints', async () => {
    const { metrics } = await invoke({
      Scan: () => ({ ...page, Items: [{ ...page.Items[0], id: { S: 'the-session' } }] }),
      DeleteItem: () => {
        throw error('AccessDeniedException');
      },
    });
    expect(metrics).toMatchObject({ Failed: 1, Expired: 1, Deleted: 0 });
    expect(JSON.stringify(metrics)).not.toContain('the-session');
  });

  it.each<[string, { event?: unknown; settings?: Record<string, string> }]>([
    ['its event', { event: { dryRun: true } }],
    ['its environment', { settings: { DYNAMODB_SESSIONS_CLEANUP_DRY_RUN: 'true' } }],
  ])('only counts if %s says so', async (_, options) => {
    const { sent, metrics } = await invoke({ Scan: () => page }, options);
    expect(sent).toEqual(['Scan']);
    expect(metrics).toMatchObject({ dryRun: true, Expired: 2, Deleted: 0, Finished: 1 });
  });

  it.each(['true', 1, null])('deletes nothing if its event says dryRun: %j, and fails', async (dryRun) => {
    const { sent, error: refusal, metrics } = await invoke({ Scan: () => page }, { event: { dryRun } });
    expect(sent).toEqual([]);
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect(metrics).toMatchObject({ outcome: 'failed', error: expect.stringContaining('dryRun'), Failed: 1 });
  });

  it.each([[undefined], [null], ['text'], [{ segments: 9, tableName: 'x' }]])(
    'ignores anything else in its event: %j',
    async (event) => {
      const { metrics } = await invoke({ Scan: () => page }, { event });
      expect(metrics).toMatchObject({ dryRun: false, Deleted: 2, segments: 1, TableName: 'Sessions' });
    },
  );

  it('prints past the console, to standard output', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const createClient = (): Client => ({ send: () => Promise.resolve({}) }) as unknown as Client;
    try {
      await scheduledCleanup(oneSegment, { createClient })({}, context);
      expect(write).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^\{"_aws":.*\}\n$/));
    } finally {
      write.mockRestore();
    }
  });
});

describe('the settings of the cleanup function', () => {
  it.each<[string, string | undefined]>([
    ['DYNAMODB_SESSIONS_TABLE', undefined],
    ['DYNAMODB_SESSIONS_TABLE', ''],
    ['DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET', '0'],
    ['DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET', '-1'],
    ['DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET', '1.5'],
    ['DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET', 'many'],
    ['DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET', ''],
    ['DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET', '1000000001'],
    ['DYNAMODB_SESSIONS_CLEANUP_SEGMENTS', '0'],
    ['DYNAMODB_SESSIONS_CLEANUP_SEGMENTS', '65'],
    ['DYNAMODB_SESSIONS_CLEANUP_SEGMENTS', '0x4'],
    ['DYNAMODB_SESSIONS_CLEANUP_GRACE', '-1'],
    ['DYNAMODB_SESSIONS_CLEANUP_GRACE', '2d'],
    ['DYNAMODB_SESSIONS_CLEANUP_GRACE', ''],
    ['DYNAMODB_SESSIONS_CLEANUP_GRACE', '31536001'],
    ['DYNAMODB_SESSIONS_CLEANUP_WRITES_PER_SECOND', '0'],
    ['DYNAMODB_SESSIONS_CLEANUP_WRITES_PER_SECOND', '100001'],
    ['DYNAMODB_SESSIONS_CLEANUP_DRY_RUN', 'yes'],
    ['DYNAMODB_SESSIONS_CLEANUP_DRY_RUN', ''],
  ])('%s=%s is refused by name before the first run', (variable, value) => {
    const start = () => scheduledCleanup({ ...environment, [variable]: value });
    expect(start).toThrow(ConfigurationError);
    expect(start).toThrow(variable);
  });

  it('may all be absent but the table', () => {
    expect(scheduledCleanup({ DYNAMODB_SESSIONS_TABLE: 'Sessions' })).toBeTypeOf('function');
  });

  it('are read from the environment of the process at the first run, for the entry exports more than the handler', async () => {
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE', undefined);
    const { cleanUp, handler } = await import('../../../src/cleanup/index.js');
    expect(cleanUp).toBeTypeOf('function');
    await expect(handler({}, context)).rejects.toThrow('DYNAMODB_SESSIONS_TABLE');
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE', 'Sessions');
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await expect(handler({ dryRun: 'no boolean' }, context)).rejects.toThrow('dryRun');
    expect(write).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('"TableName":"Sessions"'));
    write.mockRestore();
    vi.unstubAllEnvs();
  });
});
