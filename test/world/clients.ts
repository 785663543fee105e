import { beforeEach, onTestFinished, type RunnerTask } from 'vitest';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { LightPort } from '../../src/light/light-port.js';
import type { AttemptTimes } from '../../src/table/attempt-times.js';
import { TablePersistenceLayer, type TablePersistenceLayerOptions } from '../../src/table/table-persistence-layer.js';
import type { Engine } from '../engines/index.js';

export type ClientName = 'with the SDK' | 'without the SDK';

/** A client of the package's own making. */
export interface OwnClient {
  readonly name: ClientName;
  /**
   * A layer that asks there.
   *
   * @param times how long an attempt may take, if not as long as the package has it
   */
  readonly layerAt: (endpoint: string, options?: TablePersistenceLayerOptions, times?: AttemptTimes) => ClosableLayer;
}

/** A layer, and what ends its connections. */
export interface ClosableLayer {
  readonly layer: DynamoDBPersistenceLayer;
  readonly close: () => void;
}

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';

/** All of them, for `describe.each(CLIENTS)('… $name', …)`. */
export const CLIENTS: readonly OwnClient[] = [
  {
    name: 'with the SDK',
    layerAt(endpoint, options = {}, times) {
      const client = new BriefClient({ endpoint, region, credentials: CREDENTIALS }, times);
      return {
        layer: new DynamoDBPersistenceLayer({ client, ...options }),
        close: () => client.destroy(),
      };
    },
  },
  {
    name: 'without the SDK',
    layerAt(endpoint, options = {}, times) {
      let port: LightPort | undefined;
      const layer = new TablePersistenceLayer(options, (timeoutMs) => {
        const where = { endpoint: () => new URL(endpoint), region: () => region, credentials: CREDENTIALS };
        return (port = new LightPort({ ...where, timeoutMs, ...(times && { times }) }));
      });
      return { layer, close: () => port?.close() };
    },
  },
];

/** `TEST_CLIENTS=one`: for what no client can change, such as mutants of the core. */
const TRIED = CLIENTS.slice(0, process.env['TEST_CLIENTS'] === 'one' ? 1 : CLIENTS.length);

/** An engine's every pair with a client, for `describe.each(withClients(engines()))`. */
export const withClients = <Engine extends { readonly name: string }>(
  engines: readonly Engine[],
): { readonly name: string; readonly engine: Engine; readonly client: OwnClient }[] =>
  engines.flatMap((engine) => TRIED.map((client) => ({ name: `${engine.name}, ${client.name}`, engine, client })));

/**
 * A client that is another one from test to test, for what no client can change. On Amazon's engine each test meets the
 * client that it does not meet on the embedded one.
 */
export function clientInTurn({ name }: Engine): Pick<OwnClient, 'layerAt'> {
  let client = TRIED[0] as OwnClient;
  beforeEach(({ task, onTestFailed }) => {
    client = TRIED[(placeOf(task) + (name === 'dynalite' ? 0 : 1)) % TRIED.length] as OwnClient;
    onTestFailed(() => console.error(`The client was the one ${client.name}.`));
  });
  return { layerAt: (...given) => client.layerAt(...given) };
}

/** Where a test is in its file: neighbours differ by one, and a test that runs alone is where it always is. */
const placeOf = ({ id }: RunnerTask): number =>
  id
    .split('_')
    .slice(1)
    .reduce((sum, place) => sum + Number(place), 0);

/** Each engine with one client, and each client with an engine: for what takes minutes. */
export const withOneClient = <Engine extends { readonly name: string }>(
  engines: readonly Engine[],
): ReturnType<typeof withClients<Engine>> =>
  withClients(engines).filter(
    ({ engine, client }) => engines.indexOf(engine) % CLIENTS.length === CLIENTS.indexOf(client),
  );

/** A layer for as long as the test runs. */
export function layerFor(
  client: Pick<OwnClient, 'layerAt'>,
  ...where: Parameters<OwnClient['layerAt']>
): DynamoDBPersistenceLayer {
  const { layer, close } = client.layerAt(...where);
  onTestFinished(close);
  return layer;
}
