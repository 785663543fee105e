import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mintSecret } from '../../src/core/token.js';
import { secretsIn } from '../world/secrets.js';

// The tests that find no secret anywhere are worth as much as this search.

describe('the search for secrets', () => {
  const bytes = new Uint8Array(mintSecret());
  const secret = Buffer.from(bytes).toString('base64url');
  const other = Buffer.from(mintSecret()).toString('base64url');

  it.each<[string, unknown]>([
    ['as an attribute of an item', { secretHash: { B: bytes } }],
    ['as a part of longer bytes', [Buffer.concat([bytes.subarray(20), bytes, bytes])]],
    ['in a map, as a key of an object', new Map([['x', { [secret]: 1 }]])],
    ['in a cookie', `__Host-id=AAAA.${secret}; Path=/`],
    ['in a cookie that is stored as bytes', Buffer.from(`AAAA.${secret}`)],
    ['in hex', `#${Buffer.from(bytes).toString('hex')}#`],
    ['in base64', Buffer.from(bytes).toString('base64')],
    ['in the cause of an error', new Error('No.', { cause: new Error(secret) })],
    ['in a printed buffer', inspect({ secret: Buffer.from(bytes) })],
    ['in a printed array', inspect({ secret: bytes })],
    ['in JSON of an array', JSON.stringify({ secret: bytes })],
    ['in JSON of a buffer', JSON.stringify({ secret: Buffer.from(bytes) })],
  ])('finds one %s', (_, value) => {
    expect(secretsIn({ deep: [value] }, [other, secret])).toEqual([secret]);
  });

  it('finds none where there is none', () => {
    const circle: unknown[] = [bytes.subarray(1), secret.slice(1)];
    circle.push(circle);
    expect(secretsIn(circle, [secret, other])).toEqual([]);
  });
});
