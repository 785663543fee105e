import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Credentials, sign } from '../../../src/light/signature.js';
import { Sha256 } from '../../world/sha256.js';

const at = new Date('2015-08-30T12:36:00Z');
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { region: 'us-east-1', service: 'service', credentials, at };
const host = { host: 'example.amazonaws.com' };

describe('a signature', () => {
  // aws-sig-v4-test-suite, of the cases that are a POST without a query
  it.each([
    ['post-vanilla', host, '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-x-www-form-urlencoded',
      { ...host, 'content-type': 'application/x-www-form-urlencoded' },
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('is the one that AWS publishes: %s', (_name, headers, body, signature) => {
    expect(sign({ path: '/', headers, body }, scope)['authorization']).toMatch(new RegExp(`Signature=${signature}$`));
  });

  it('is that of the official signer, for thousands of requests', async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
    });
    const request = fc.record({
      path: fc
        .array(fc.stringMatching(/^[\w~%!'()*$&+,;=:@-]{1,8}$/), { maxLength: 3 })
        .map((parts) => `/${parts.join('/')}`),
      target: printable,
      body: fc.string({ unit: 'binary' }),
      sessionToken: fc.option(fc.base64String({ minLength: 4 }), { nil: undefined }),
      secretAccessKey: fc.string({ minLength: 1 }),
      region: fc.constantFrom('us-east-1', 'cn-north-1', 'us-gov-west-1'),
      at: fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ path, target, body, sessionToken, secretAccessKey, region, at: time }) => {
        const headers = { host: 'dynamodb.test', 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target };
        const keys: Credentials = { accessKeyId: 'AKID', secretAccessKey, ...(sessionToken && { sessionToken }) };
        const signer = new SignatureV4({
          credentials: keys,
          region,
          service: 'dynamodb',
          sha256: Sha256,
          applyChecksum: false,
        });
        const theirs = await signer.sign(
          { method: 'POST', protocol: 'https:', hostname: 'dynamodb.test', path, headers, body },
          { signingDate: time },
        );
        const scopeOf = { region, service: 'dynamodb', credentials: keys, at: time };
        expect(sign({ path, headers, body }, scopeOf)['authorization']).toBe(theirs.headers['authorization']);
      }),
      { numRuns: 3_000 },
    );
  });
});
