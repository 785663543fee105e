import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expectFunctions, refuseUnknown } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import {
  TABLE_OPTIONS,
  TablePersistenceLayer,
  type TablePersistenceLayerOptions,
} from '../table/table-persistence-layer.js';
import { TABLE_ENVIRONMENT } from '../table-schema.js';
import { BriefClient } from './brief-client.js';
import { SdkPort } from './sdk-port.js';
import { type Client, Sender } from './sender.js';

/** The options of {@link DynamoDBPersistenceLayer}. */
export interface DynamoDBPersistenceLayerOptions<
  User extends SessionUser = SessionUser,
> extends TablePersistenceLayerOptions<User> {
  /**
   * A client or document client of yours, used as it is: mind that the SDK's default timeouts do not suit a Lambda.
   * @defaultValue a client with brief timeouts and retries, in the region of `DYNAMODB_SESSIONS_REGION` or the SDK's
   */
  readonly client?: DynamoDBClient | DynamoDBDocumentClient;
}

/**
 * Keeps sessions in a DynamoDB table with the keys of `SessionStore` or `createSessionTable`.
 *
 * Loading is one read; saving is one conditional write of what changed. It needs the actions `GetItem`, `PutItem`,
 * `UpdateItem`, `BatchGetItem` and `BatchWriteItem` on the table, and `Query` on its index.
 *
 * Nothing of the environment is needed to make one, so a module that does can be loaded where there is none, as in
 * `next build`. If no table is named by the first use, that fails with a {@link ConfigurationError}: a request is
 * answered with a 503, and the event `store-failure` says why.
 *
 * @throws {@link ConfigurationError} if an option is unknown or out of range
 * @example
 * ```ts
 * const persistence = new DynamoDBPersistenceLayer({ loadUser: (id) => users.find(id) });
 * const sessions = new Sessions<App>({ persistence });
 * ```
 */
export class DynamoDBPersistenceLayer<User extends SessionUser = SessionUser> extends TablePersistenceLayer<User> {
  constructor(options: DynamoDBPersistenceLayerOptions<User> = {}) {
    refuseUnknown('', options, [...TABLE_OPTIONS, 'client']);
    const { client, ...others } = options;
    if (client !== undefined) expectFunctions('client', client, ['send']);
    super(others, (timeoutMs) => {
      // A document client's middleware is that of the client within: a plain command passes through it as it is.
      const sender = (client as Client | undefined) ?? new BriefClient({ region: regionOfTable() });
      return new SdkPort(new Sender(sender, timeoutMs));
    });
  }
}

/** The table's region, or the SDK's default, found out when it is first asked for. */
function regionOfTable(): () => Promise<string> {
  let sdkRegion: (() => Promise<string>) | undefined;
  const asked = (): Promise<string> => (sdkRegion ??= new DynamoDBClient({}).config.region)();
  return async () => process.env[TABLE_ENVIRONMENT.region] || process.env['AWS_REGION'] || asked();
}
