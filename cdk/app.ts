/**
 * `cdk deploy Sessions`: the store. `cdk deploy --all`: the demo as well. Each takes options with `-c name=value`:
 *
 * - `cleanupSchedule`: when the cleanup runs, such as `rate(1 hour)`. Default: once a day.
 * - `ephemeral`: `true` deletes the table with its stack. Default: `false`.
 */
import { App } from 'aws-cdk-lib';
import { DemoStack } from './demo-stack.js';
import { SessionsStack } from './sessions-stack.js';

const app = new App();
const cleanupSchedule: unknown = app.node.tryGetContext('cleanupSchedule');
const { store } = new SessionsStack(app, 'Sessions', {
  ...(typeof cleanupSchedule === 'string' && { cleanupSchedule }),
  ephemeral: String(app.node.tryGetContext('ephemeral')) === 'true',
});
new DemoStack(app, 'SessionsDemo', { store });
