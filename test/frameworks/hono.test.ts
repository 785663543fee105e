import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { httpApiEvent } from 'dynamodb-sessions/testing';
import { describeLogin } from './application.js';

describe('the application of the page on Hono', () => {
  const app = describeLogin({
    page: 'guides/hono.md',
    node: 24,
    build: ['npx tsc', 'npx vitest run --dir src'],
    start: 'node dist/server.js',
    develop: 'NODE_ENV=development node dist/server.js',
  });

  it('runs as a Lambda handler, too', async () => {
    const file = join(app.project.folder, 'dist/lambda.js');
    const call = `import { handler } from ${JSON.stringify(file)};
      console.log(JSON.stringify(await handler(${JSON.stringify(httpApiEvent({ path: '/' }))}, {})));`;
    const answer = JSON.parse(await app.project.run('node', '--input-type=module', '--eval', call));
    expect(answer).toMatchObject({ statusCode: 200, body: expect.stringContaining('Hello stranger, visit 1.') });
    expect(answer.cookies).toEqual([expect.stringMatching(/^__Host-id=/)]);
  });
});
