import { Duration } from 'aws-cdk-lib';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';

const MINUTES = { minute: 1, hour: 60, day: 24 * 60 } as const;

/** The most time between two runs; `undefined` where the expression does not say so plainly. */
export function intervalOf({ expressionString }: ScheduleExpression): Duration | undefined {
  const [, amount, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expressionString) ?? [];
  if (unit !== undefined) return Duration.minutes(Number(amount) * MINUTES[unit as keyof typeof MINUTES]);
  const [, hour] = /^cron\(\S+ (\S+) [*?] \* [*?](?: \*)?\)$/.exec(expressionString) ?? [];
  if (hour === undefined) return undefined;
  return hour === '*' ? Duration.hours(1) : Duration.days(1);
}

/** Whether it is a single run. */
export function isOnce({ expressionString }: ScheduleExpression): boolean {
  return expressionString.startsWith('at(');
}
