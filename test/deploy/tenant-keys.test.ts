import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type * as Example from '../../examples/tenant-keys/handler.js';
import { Visitor } from '../recipes/visitor.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { Ministack } from './ministack.js';

// The recipe with a key for each tenant, on ministack's KMS and DynamoDB.

describe.skipIf(!inject('hasMinistack'))('the recipe for tenants’ keys', () => {
  let folder: string;
  let aws: Ministack;
  let kms: KMSClient;
  let table: TestTable;
  let example: typeof Example;
  const keys = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenant-keys-'));
    aws = await Ministack.start(folder);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    kms = new KMSClient({ endpoint: aws.endpoint, region: 'us-east-1', credentials });
    table = await createTestTable({ name: 'dynalite', endpoint: aws.endpoint });
    const environment = {
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      DYNAMODB_SESSIONS_TABLE: table.tableName,
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    example = await import('../../examples/tenant-keys/handler.js');
    for (const tenant of ['acme', 'globex']) {
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: tenant }));
      keys.set(tenant, KeyMetadata?.KeyId as string);
      const { CiphertextBlob } = await kms.send(
        new GenerateDataKeyWithoutPlaintextCommand({
          KeyId: KeyMetadata?.KeyId,
          KeySpec: 'AES_256',
          EncryptionContext: { tenant },
        }),
      );
      example.tenants.set(tenant, CiphertextBlob as Uint8Array);
    }
  });

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    return () => vi.useRealTimers();
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    kms?.destroy();
    table?.client.destroy();
    await aws?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const at = (tenant: string): Visitor => {
    const domainName = `${tenant}.example.com`;
    return new Visitor(`https://${domainName}`, ({ requestContext, ...event }, context) =>
      example.handler({ ...event, requestContext: { ...requestContext, domainName } }, context),
    );
  };
  const note = async (visitor: Visitor, text: string): Promise<void> => {
    await visitor.send('/', { text });
  };

  it('keeps data that only the tenant’s key opens', async () => {
    const [acme, globex] = [at('acme'), at('globex')];
    await note(acme, 'the merger');
    await note(globex, 'the holiday');
    expect((await acme.send('/')).body).toBe('text=the+merger');
    expect((await globex.send('/')).body).toBe('text=the+holiday');
    expect(JSON.stringify(await table.items())).not.toMatch(/merger|holiday/);
    expect((await at('initech').send('/')).status).toBe(404);
  });

  it('writes nothing if the value is as it was', async () => {
    const acme = at('acme');
    await note(acme, 'the same');
    const before = await table.items();
    await note(acme, 'the same');
    expect(await table.items()).toEqual(before);
  });

  it('a tenant is erased by its key: once it is disabled and forgotten, nobody opens the data, and the others go on', async () => {
    const [acme, globex] = [at('acme'), at('globex')];
    await note(acme, 'the merger');
    await note(globex, 'the holiday');
    const KeyId = keys.get('acme') as string;
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect((await acme.send('/')).body).toBe('text=the+merger'); // the instance has the key for five minutes more
    vi.setSystemTime(Date.now() + 5 * 60_000);
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect((await acme.send('/')).status).toBe(503);
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
    expect((await globex.send('/')).body).toBe('text=the+holiday');
    await kms.send(new EnableKeyCommand({ KeyId })); // a deleted key could not be
    expect((await acme.send('/')).body).toBe('text=the+merger');
  });
});
