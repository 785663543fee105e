import { once } from 'node:events';
import { type IncomingMessage, request as ask } from 'node:http';
import { text } from 'node:stream/consumers';
import { randomBytes, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer as SdkPersistenceLayer } from '../../src/dynamodb/index.js';
import type { Credentials, CredentialsSource } from '../../src/light/index.js';
import { LightPort } from '../../src/light/light-port.js';
import { sign } from '../../src/light/signature.js';
import { ATTEMPT_TIMES } from '../../src/table/attempt-times.js';
import { TablePersistenceLayer } from '../../src/table/table-persistence-layer.js';
import { engines } from '../engines/index.js';
import { Account } from '../world/account.js';
import { Network } from '../world/faults.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { describePersistenceLayer } from './persistence-layer.js';

// The engines take any signature. Here each request is verified with the official signer before an engine gets it.

const REGION = 'eu-central-1';
/** All that a name may have, as long as it may be. */
const unusualName = (): string => `9._-Sessions.${randomUUID()}`.padEnd(255, 'x');

/** As a role hands them out. */
const newCredentials = (goodForMs = 3_600_000): Credentials => ({
  accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
  sessionToken: `${randomBytes(400).toString('base64')}==`,
  expiration: new Date(Date.now() + goodForMs),
});

/** Credentials that the account forgets after some calls: until then they say that they are good for an hour. */
function rotating(account: Account): () => Promise<Credentials> {
  let last: Credentials | undefined;
  return async () => {
    if (last !== undefined) account.revoke(last.accessKeyId);
    return (last = account.grant(newCredentials()));
  };
}

const circumstances: readonly {
  readonly name: string;
  readonly skewMs: number;
  readonly credentialsFor: (account: Account) => CredentialsSource;
}[] = [
  {
    name: 'with keys of a user, by a clock that is 10 minutes ahead',
    skewMs: -600_000,
    credentialsFor: (account) => account.grant({ accessKeyId: 'AKIA1', secretAccessKey: 'a+b/c=' }),
  },
  {
    name: 'with keys of a role that are replaced every second, by a clock that is 10 minutes behind',
    skewMs: 600_000,
    credentialsFor(account) {
      const rotate = rotating(account);
      return async () => ({ ...(await rotate()), expiration: new Date(Date.now() + 301_000) });
    },
  },
];

/** @param path what follows the host in the endpoint */
function layerAt(
  network: Network,
  credentials: CredentialsSource,
  tableName: string,
  path = '',
): { layer: TablePersistenceLayer; close: () => void } {
  let port: LightPort | undefined;
  const layer = new TablePersistenceLayer({ tableName, timeoutMs: 60_000 }, (timeoutMs) => {
    const where = { region: () => REGION, endpoint: () => new URL(`${network.endpoint}${path}`), credentials };
    const times = { ...ATTEMPT_TIMES, connectMs: 60_000, attemptMs: 60_000 };
    return (port = new LightPort({ ...where, timeoutMs, times }));
  });
  return { layer, close: () => port?.close() };
}

/** Two instances that take turns, each of which has an account and keys of its own. */
function inTurn(layers: readonly TablePersistenceLayer[]): TablePersistenceLayer {
  let turn = 0;
  return new Proxy(layers[0] as TablePersistenceLayer, {
    get(_, name) {
      turn += 1;
      const layer = layers[turn % layers.length] as TablePersistenceLayer;
      const member: unknown = Reflect.get(layer, name);
      return typeof member === 'function' ? member.bind(layer) : member;
    },
  });
}

for (const engine of engines()) {
  const names = circumstances.map(({ name }) => name).join(', and in turn ');
  describePersistenceLayer(`of ${engine.name}, signed without the SDK, ${names}`, async () => {
    const table = await createTestTable(engine, unusualName());
    const instances = await Promise.all(
      circumstances.map(async ({ skewMs, credentialsFor }) => {
        const account = new Account(REGION, { skewMs });
        const network = await Network.before(engine, account);
        return { network, ...layerAt(network, credentialsFor(account), table.tableName) };
      }),
    );
    return {
      persistence: inTurn(instances.map(({ layer }) => layer)),
      async close() {
        for (const { network, close } of instances) {
          close();
          await network.close();
        }
        await table.drop();
      },
    };
  });
}

describe.each(engines())('an account before $name', (engine) => {
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  async function before(skewMs = 0): Promise<{ account: Account; network: Network }> {
    const account = new Account(REGION, { skewMs });
    const network = await Network.before(engine, account);
    onTestFinished(() => network.close());
    return { account, network };
  }

  function layerFor(network: Network, credentials: CredentialsSource, path?: string): TablePersistenceLayer {
    const { layer, close } = layerAt(network, credentials, table.tableName, path);
    onTestFinished(close);
    return layer;
  }

  it('takes what the SDK signs', async () => {
    const { account, network } = await before();
    const { expiration: _, ...credentials } = account.grant(newCredentials());
    const client = new BriefClient({ endpoint: network.endpoint, region: REGION, credentials });
    onTestFinished(() => client.destroy());
    const layer = new SdkPersistenceLayer({ client, tableName: table.tableName });
    expect(await layer.loadSession('ID')).toBeUndefined();
  });

  it.each(['/', '/a', '/a/', '/a/b', '/a%20b', '/a b', '/ä', '/%C3%A4', '/a/../b', '/a//b', '/~*()!', '/a+b=c&d'])(
    'takes what is signed for the endpoint with the path %s',
    async (path) => {
      const { account, network } = await before();
      const layer = layerFor(network, account.grant(newCredentials()), path);
      expect(await layer.loadSession('ID')).toBeUndefined();
    },
  );

  it('costs an attempt when its clock is another, and none after that', async () => {
    const { account, network } = await before(600_000);
    const layer = layerFor(network, account.grant(newCredentials()));
    await layer.loadSession('ID');
    expect(network.sent).toHaveLength(2);
    await layer.loadSession('ID');
    expect(network.sent).toHaveLength(3);
  });

  it('costs an attempt when it does not know the credentials any more, and none after that', async () => {
    const { account, network } = await before();
    const credentials = rotating(account);
    const first = await credentials();
    let isFirst = true;
    const layer = layerFor(network, async () => {
      if (!isFirst) return credentials();
      isFirst = false;
      account.revoke(first.accessKeyId);
      return first;
    });
    await layer.loadSession('ID');
    await layer.loadSession('ID');
    expect(network.sent).toHaveLength(3);
  });

  it.each<[string, RegExp, (account: Account) => Credentials]>([
    ['are unknown', /^The credentials were not recognised/, () => newCredentials()],
    [
      'lack their token',
      /^The credentials were not recognised/,
      (account) => {
        const { sessionToken: _, ...others } = account.grant(newCredentials());
        return others;
      },
    ],
    [
      'have expired',
      /^The credentials have expired/,
      (account) => {
        const { expiration: _, ...others } = account.grant(newCredentials(-1));
        return others;
      },
    ],
  ])('refuses credentials that %s, and the layer says so', async (_how, message, credentialsOf) => {
    const { account, network } = await before();
    const loading = layerFor(network, credentialsOf(account)).loadSession('ID');
    await expect(loading).rejects.toMatchObject({ retryable: false, message: expect.stringMatching(message) });
  });

  it.each<[string, string, (headers: Record<string, string>) => Record<string, string>]>([
    ['nothing is wrong with', 'ValidationException', (headers) => headers],
    ['is not signed', 'MissingAuthenticationTokenException', ({ authorization: _, ...headers }) => headers],
    [
      'has another target',
      'InvalidSignatureException',
      (headers) => ({ ...headers, 'x-amz-target': 'DynamoDB_20120810.PutItem' }),
    ],
    ['has a header that is not signed', 'InvalidSignatureException', (headers) => ({ ...headers, 'x-amz-more': '1' })],
    [
      'is of another region',
      'InvalidSignatureException',
      (headers) => ({ ...headers, authorization: String(headers['authorization']).replace(REGION, 'us-east-1') }),
    ],
    [
      'has half of its signature',
      'IncompleteSignatureException',
      (headers) => ({ ...headers, authorization: String(headers['authorization']).slice(0, -32) }),
    ],
  ])('a request that %s is answered with %s', async (_how, name, change) => {
    const { account, network } = await before();
    const { host } = new URL(network.endpoint);
    const headers = {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
    };
    const credentials = account.grant(newCredentials());
    const scope = { region: REGION, service: 'dynamodb', credentials, at: new Date() };
    const signed = sign({ path: '/', headers, body: '{}' }, scope);
    const request = ask(network.endpoint, { method: 'POST', headers: change(signed) });
    request.end('{}');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { __type: type } = JSON.parse(await text(response)) as { __type: string };
    expect(type.replace(/^.*#/, '')).toBe(name);
  });
});
