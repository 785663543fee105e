import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeFreshCopy } from '../world/fresh-copy.js';
import { cdk, ENVIRONMENT, environment } from './cdk.js';
import { describeStack } from './cloudformation.js';
import { createLambdaFolder } from './lambda-folder.js';
import { Ministack } from './ministack.js';

// ministack refuses the alarms of the stack, so it is only prepared here: deploy.test.ts deploys the same with others.

describe.skipIf(!inject('hasMinistack'))('npm run deploy in a fresh clone', () => {
  let folder: Awaited<ReturnType<typeof createLambdaFolder>>;
  let aws: Ministack;

  beforeAll(async () => {
    folder = await createLambdaFolder();
    aws = await Ministack.start(folder.path);
    await cdk(['bootstrap', '--app', '', ENVIRONMENT], { home: join(folder.path, 'home'), endpoint: aws.endpoint });
  });
  afterAll(async () => {
    await aws?.stop();
    await folder?.remove();
  });

  it('builds what it deploys, uploads it, and asks for the stack', async () => {
    const clone = join(folder.path, 'clone');
    await makeFreshCopy(clone);
    const env = environment({ home: join(folder.path, 'home'), endpoint: aws.endpoint });
    const options = ['--method=prepare-change-set', '--require-approval=never'];
    await promisify(execFile)('npm', ['run', 'deploy', '--', ...options], { cwd: clone, env });
    expect(await describeStack(aws.endpoint, 'Sessions')).toContain('<StackStatus>REVIEW_IN_PROGRESS</StackStatus>');
    expect(await describeStack(aws.endpoint, 'SessionsDemo')).toContain('does not exist');
  }, 300_000);
});
