import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { capabilities, engines } from '../engines/index.js';
import { createTestTable } from '../world/tables.js';

describe.each(engines())('a table that is called by its ARN, as from another account, on $name', (engine) => {
  it.runIf(capabilities[engine.name].tableArns)(
    'begins, finds, lists and ends sessions, where the engine knows ARNs',
    async () => {
      const table = await createTestTable(engine);
      onTestFinished(() => table.drop());
      const { client, tableName } = table;
      const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
      const arn = Table?.TableArn;
      if (arn === undefined) throw new Error('The engine gives the table no ARN.');
      const sessions = new Sessions({
        persistence: new DynamoDBPersistenceLayer({ client, tableName: arn, timeoutMs: 10_000 }),
      });

      const tokens: string[] = [];
      for (const _ of ['phone', 'laptop']) {
        const session = await sessions.start({ tokens: [] });
        await session.logIn('user-1');
        const cookie = await session.commit();
        if (cookie.kind !== 'set') throw new Error(`The cookie is to be ${cookie.kind}.`);
        tokens.push(cookie.token);
      }
      expect(await sessions.ofUser('user-1')).toHaveLength(2);
      await sessions.logOutUser('user-1');
      expect(await sessions.ofUser('user-1')).toEqual([]);
      for (const token of tokens) expect((await sessions.start({ tokens: [token] })).userId).toBeUndefined();
    },
  );
});
