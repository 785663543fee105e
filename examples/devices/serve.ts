/**
 * `npm start`: the handler on this machine, over HTTP, with a DynamoDB in this process.
 *
 * - `PORT`: where to listen, on 127.0.0.1. Default 3000; 0 is any free port.
 * - `DYNAMODB_ENDPOINT`: another DynamoDB instead, such as `http://127.0.0.1:8000`.
 * - `DYNAMODB_SESSIONS_TABLE`: the table's name. Default `Sessions`; it is created if it is missing.
 * - `ISSUER`, `CLIENT_ID`, `CLIENT_SECRET`: another OpenID provider than the one in this process. It must know the paths
 *   `/callback`, `/` for after a logout, and `/back-channel-logout`. With an empty `ISSUER` there is none.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import createDynalite from 'dynalite';
import { invoke } from './lambda-http.js';
import { createLocalProvider } from './local-provider.js';
import { createLocalTable } from './local-table.js';

const servers: Server[] = [];

try {
  const { PORT = '3000', DYNAMODB_ENDPOINT } = process.env;
  const endpoint = DYNAMODB_ENDPOINT ?? (await listen(createDynalite({ createTableMs: 0 }), 0));
  const tableName = setEnvironment(endpoint);
  await createTable(tableName);

  const site = createServer();
  const url = await listen(site, Number(PORT));
  process.env.ORIGIN ??= url;
  const issuer = process.env.ISSUER ?? (await startProvider(process.env.ORIGIN));

  // The handler finds its table, its client's settings and the provider in the environment, as it does in Lambda.
  const { handler } = await import('./handler.js');
  site.on('request', invoke(handler));

  process.on('SIGINT', stop).on('SIGTERM', stop);
  console.log(introduction(url, DYNAMODB_ENDPOINT, issuer));
} catch (error) {
  console.error(reason(error));
  process.exitCode = 1;
  stop();
}

/** Starts to listen on 127.0.0.1, and says where. */
async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Lets requests in progress end. Then nothing is left that keeps the process alive. */
function stop(): void {
  for (const server of servers) {
    server.close();
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  }
  // npm passes a Ctrl-C on a second time, which would kill a process that has almost ended.
  setTimeout(() => {}, 100);
}

function setEnvironment(endpoint: string): string {
  const given = process.env;
  Object.assign(given, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false',
    AWS_REGION: given.AWS_REGION ?? 'us-east-1',
    AWS_ACCESS_KEY_ID: given.AWS_ACCESS_KEY_ID ?? 'local',
    AWS_SECRET_ACCESS_KEY: given.AWS_SECRET_ACCESS_KEY ?? 'local',
    DYNAMODB_SESSIONS_TABLE: given.DYNAMODB_SESSIONS_TABLE ?? 'Sessions',
    PLAIN_HTTP: '1',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', // it would only hide what is printed here
  });
  return given.DYNAMODB_SESSIONS_TABLE as string;
}

/** Starts a provider on this machine, and tells the handler's environment of it. */
async function startProvider(origin: string): Promise<string> {
  const server = createServer();
  const issuer = await listen(server, 0);
  const { answer, environment } = await createLocalProvider(issuer, origin);
  server.on('request', answer);
  Object.assign(process.env, environment);
  return issuer;
}

async function createTable(tableName: string): Promise<void> {
  const client = new DynamoDBClient();
  try {
    await createLocalTable(client, tableName);
  } finally {
    client.destroy();
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const { PORT = '3000', DYNAMODB_ENDPOINT } = process.env;
  if (code === 'EADDRINUSE') return `Port ${PORT} is in use. Set PORT to another one; 0 takes any that is free.`;
  if (code === 'EACCES') return `Port ${PORT} needs privileges. Set PORT to another one; 0 takes any that is free.`;
  if (code === 'ERR_SOCKET_BAD_PORT') return `PORT is ${PORT}; expected a number from 0 to 65535.`;
  if (code === 'ECONNREFUSED') return `No DynamoDB answers at ${DYNAMODB_ENDPOINT}, which DYNAMODB_ENDPOINT names.`;
  return `The demo could not start: ${message}`;
}

function introduction(url: string, endpoint: string | undefined, issuer: string): string {
  const as = (jar: string, path: string, options = ''): string => `  curl -b ${jar} -c ${jar} ${url}${path}${options}`;
  const send = (body: string): string => ` -H 'content-type: application/json' -d '${body}'`;
  return `
Your devices: ${url}

Open it in a browser, and in a private window for a second device. Or be two devices with curl, each with its
cookie jar:

  cd "$(mktemp -d)"
${as('laptop', '/login', send('{ "name": "user-1" }'))}
${as('laptop', '/data/theme', ` -X PUT${send('"dark"')}`)}
${as('laptop', '/session')}
${as('phone', '/login', send('{ "name": "user-1" }'))}
${as('phone', '/devices')}
${as('phone', '/devices', ' -X DELETE')}
${as('laptop', '/session')}
${as('phone', '/logout-everywhere', ' -X POST')}

Sessions are kept in ${endpoint ?? 'a DynamoDB in this process, until it ends'}. What happens to them is logged below.
${issuer && `The OpenID provider at which you can sign in, and log out of the demo, is ${issuer}.\n`}Ctrl-C stops it.
`;
}
