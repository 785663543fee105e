import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { generate } from 'selfsigned';
import { encode } from '../src/light/wire.js';
import { PARTITION_KEY } from '../src/table-schema.js';
import { httpApiEvent } from '../test/unit/lambda/events.js';
import { clientFor } from './comparison/endpoint.js';
import { type LayerFor, openOwn } from './comparison/own.js';
import { ONE_KB } from './comparison/session-data.js';
import { reference } from './reference-engine.js';

/** A DynamoDB that takes no time: behind TLS, as the service is, and with one session, whatever it is asked for. */
export interface TlsStub extends AsyncDisposable {
  /** The environment of a Lambda that finds it, and trusts it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A request of the session's browser, as JSON. */
  readonly event: string;
  /** Puts a new session in the place of the last one, so that a page view has nothing to write. */
  renew(): Promise<void>;
}

/** The user whose session it is. */
export const STUB_USER = 'user-0';

/** How long after `renew` a page view still writes nothing: the half of a touch interval. */
export const FRESH_MS = 150_000;

export async function startTlsStub(): Promise<TlsStub> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  const folder = await mkdtemp(join(tmpdir(), 'bench-certificate-'));
  const certificate = join(folder, 'certificate.pem');
  await writeFile(certificate, cert);

  let session = await beginSession();
  const server = createServer({ key, cert }, (request, response) => {
    void buffer(request).then(() => {
      // Of a warm-up, no answer is used.
      if (request.method === 'GET') return response.end('healthy');
      const target = String(request.headers['x-amz-target']);
      if (target.endsWith('.GetItem')) {
        const { answer } = session;
        const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-crc32': crc32(answer) };
        return response.writeHead(200, headers).end(answer);
      }
      console.error(`A page view asked for more than its session: ${target}`);
      return response.writeHead(400).end('{"__type":"ValidationException"}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_SESSION_TOKEN: 'test',
      AWS_LAMBDA_FUNCTION_NAME: 'bench',
      AWS_ENDPOINT_URL_DYNAMODB: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      NODE_EXTRA_CA_CERTS: certificate,
    },
    get event() {
      return session.event;
    },
    async renew() {
      session = await beginSession();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A session of 1 KB that the library has made on an engine: its request, and the engine's answer. */
async function beginSession(): Promise<{ readonly event: string; readonly answer: Buffer }> {
  const client = clientFor(reference());
  // The machine may be busy, and this is not measured.
  const layerFor: LayerFor = (options) => new DynamoDBPersistenceLayer({ ...options, client, timeoutMs: 30_000 });
  const site = await openOwn(reference(), layerFor);
  const cookie = await site.begin(ONE_KB, STUB_USER);
  const Key = { [PARTITION_KEY]: { S: cookie.split('.')[0] ?? '' } };
  const { Item } = await client.send(new GetItemCommand({ TableName: site.tableName, Key, ConsistentRead: true }));
  client.destroy();
  return {
    event: JSON.stringify(httpApiEvent({ cookies: [`__Host-id=${cookie}`] })),
    answer: Buffer.from(encode({ Item })),
  };
}
