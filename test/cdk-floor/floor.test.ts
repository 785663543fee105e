import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { FLOOR, FOLDER } from './floor.js';

const installed = (name: string): string => join(FOLDER, 'node_modules', name);

describe('the lowest supported CDK', () => {
  it.each(Object.entries(FLOOR))('is the one with which these tests run: %s %s', (name, version) => {
    const manifest = JSON.parse(readFileSync(join(installed(name), 'package.json'), 'utf8')) as { version: string };
    expect(manifest.version).toBe(version);
  });

  it('is the one that the construct extends', () => {
    const rtti = Object.getOwnPropertySymbols(Stack).map((symbol) => Reflect.get(Stack, symbol) as unknown);
    expect(rtti).toContainEqual(expect.objectContaining({ version: FLOOR['aws-cdk-lib'] }));
  });
});
