import { inspect } from 'node:util';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { Connection } from '../../../src/light/connection.js';
import type { WholeLayer } from '../../contract/layer.js';
import { CLIENTS, layerFor } from '../../world/clients.js';
import { itemOf } from '../../../src/table/item.js';
import { recordOf } from '../../world/records.js';
import { CREDENTIALS, layerAt, onTheWire, type Reply, TestServer } from './server.js';

const record = recordOf({ expiresAt: 9_000_000_000, absoluteExpiresAt: 9_000_000_000 });

const whole = `{"Item":${onTheWire(itemOf('ID', record))}}`;
const summed = (body: string, sum = crc32(body)): Reply => ({ headers: { 'x-amz-crc32': String(sum) }, body });

async function failureOf(reply: Reply): Promise<{ error: unknown; attempts: number }> {
  const server = await TestServer.start(() => reply);
  const error = await layerAt(server.endpoint)
    .loadSession('ID')
    .catch((reason: unknown) => reason);
  return { error, attempts: server.requests.length };
}

/** AWS words it so, in each of its services. */
const REPEATED = `The request signature we calculated does not match the signature you provided.

The Canonical String for this request should have been
'POST
/

x-amz-security-token:${CREDENTIALS.sessionToken}'`;

describe('an answer', () => {
  it('is a session, bytes and all, if it is whole', async () => {
    const server = await TestServer.start(() => summed(whole));
    expect(await layerAt(server.endpoint).loadSession('ID')).toEqual(record);
  });

  it('brings an attribute __proto__, which reaches no prototype', async () => {
    const poisoned = whole.replace('{"Item":{', '{"Item":{"__proto__":{"S":"x"},"data.__proto__":{"S":"\\"y\\""},');
    const server = await TestServer.start(() => ({ body: poisoned }));
    const found = await layerAt(server.endpoint).loadSession('ID');
    expect(found?.data.get('__proto__')).toBe('"y"');
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });

  it.each<[string, Reply]>([
    ['is cut off', { body: whole.slice(0, -5) }],
    ['has another checksum', summed(whole, 1)],
    ['has a checksum that is none', { headers: { 'x-amz-crc32': 'x' }, body: whole }],
    ['is compressed', { headers: { 'content-encoding': 'gzip' }, body: gzipSync(whole) }],
    ['is empty', { body: '' }],
    ['is a page', { headers: { 'content-type': 'text/html' }, body: '<html>login</html>' }],
    ['is a list', { body: '[]' }],
    ['is null', { body: 'null' }],
    ['has an item that is null', { body: '{"Item":null}' }],
    ['has an item that is text', { body: '{"Item":"x"}' }],
    ['has an attribute without a kind', { body: '{"Item":{"id":null}}' }],
    ['has bytes that are a number', { body: '{"Item":{"id":{"B":1}}}' }],
    ['is a failure that is no JSON', { status: 503, body: '<html>' }],
    ['switches to another protocol', { status: 101, headers: { connection: 'Upgrade', upgrade: 'x' }, body: '' }],
    ['is a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }],
  ])('is an unavailable store, and no session, if it %s', async (_name, reply) => {
    const { error, attempts } = await failureOf(reply);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as StoreUnavailableError).retryable).toBe(true);
    expect(attempts).toBe(3);
  });

  it('has, as an error, nothing of the request or the credentials', async () => {
    for (const reply of [
      { status: 500, body: 'x' },
      { status: 403, body: '{"__type":"#AccessDeniedException"}' },
      { status: 400, body: JSON.stringify({ __type: '#InvalidSignatureException', message: REPEATED }) },
    ]) {
      const { error } = await failureOf(reply);
      const text = inspect(error, { depth: null, showHidden: true });
      for (const secret of [...Object.values(CREDENTIALS), 'AWS4-HMAC', 'authorization'])
        expect(text).not.toContain(secret);
    }
  });

  it('is not read any further when it is longer than any of DynamoDB', async () => {
    const server = await TestServer.start(() => ({ body: Buffer.alloc(33_000_000) }));
    const endpoint = new URL(server.endpoint);
    const connection = new Connection(endpoint, { connectMs: 15_000, attemptMs: 15_000, backoffMs: 0 });
    onTestFinished(() => connection.close());
    const outcome = await connection.post({ host: endpoint.host }, '').answer.then(
      ({ body }) => body.length,
      (error: Error) => error.message,
    );
    expect(outcome).toBe('The answer is too long.');
  });
});

describe.each(CLIENTS)('an answer without what was asked for, $name,', (client) => {
  it.each<[string, Reply, (layer: WholeLayer) => Promise<unknown>]>([
    ['of a bulk read', { body: '{}' }, (layer) => layer.loadMarks('user-1', { fresh: true })],
    ['of a list', { body: '{}' }, (layer) => layer.userSessions('user-1')],
    ['that is cut off', { body: whole.slice(0, -5) }, (layer) => layer.loadSession('ID')],
    [
      'that is compressed',
      { headers: { 'content-encoding': 'gzip' }, body: gzipSync(whole) },
      (layer) => layer.loadSession('ID'),
    ],
    ['that is empty', { status: 500, body: '' }, (layer) => layer.loadSession('ID')],
    ['that is a page', { body: '<html>login</html>' }, (layer) => layer.loadSession('ID')],
  ])('%s is an unavailable store', async (_how, reply, load) => {
    const server = await TestServer.start(() => reply);
    const loading = load(layerFor(client, server.endpoint, { tableName: 'T' }) as WholeLayer);
    await expect(loading).rejects.toMatchObject({ name: 'StoreUnavailableError', retryable: true });
  });
});
