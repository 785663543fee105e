import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { FLOOR, FOLDER } from './floor.js';

describe('the lowest supported SDK', () => {
  it('is the one with which these tests run', () => {
    const require = createRequire(FOLDER);
    const { version } = require(join(FOLDER, 'node_modules/@aws-sdk/client-dynamodb/package.json')) as {
      version: string;
    };
    const lowest = require('@aws-sdk/client-dynamodb') as { DynamoDBClient: unknown };
    expect(version).toBe(FLOOR);
    expect(DynamoDBClient).toBe(lowest.DynamoDBClient);
    expect(new BriefClient({ region: 'eu-west-1' })).toBeInstanceOf(DynamoDBClient);
  });
});
