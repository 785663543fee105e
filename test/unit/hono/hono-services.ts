import { type Response, type Service, services } from '../lambda/services.js';
import { ADDRESS, type RequestOptions } from '../lambda/events.js';

/** What sends events to a Lambda under Hono's adapter. */
export interface HonoService extends Omit<Service, 'event' | 'places'> {
  event(options?: RequestOptions): unknown;
}

/** A request from VPC Lattice: every header is a list. */
function latticeEvent({ cookies = [], path = '/devices', body, headers = {}, method }: RequestOptions = {}): object {
  const single = { host: 'app.example.com', 'user-agent': 'Mozilla/5.0 Firefox/140.0', ...headers };
  return {
    version: '2.0',
    path,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...Object.fromEntries(Object.entries(single).map(([name, value]) => [name, [value]])),
      ...(cookies.length === 0 ? {} : { cookie: [cookies.join('; ')] }),
    },
    queryStringParameters: {},
    body: body ?? null,
    isBase64Encoded: false,
    requestContext: {
      serviceNetworkArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-0a1b2c3d4e5f',
      serviceArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0a1b2c3d4e5f',
      targetGroupArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0a1b2c3d4e5f',
      region: 'eu-central-1',
      timeEpoch: '1757598912345678',
      identity: { sourceVpcArn: 'arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0a1b2c3d' },
    },
  };
}

function fromLattice(result: unknown): Response {
  const { statusCode, headers, body } = JSON.parse(JSON.stringify(result)) as {
    statusCode: number;
    headers: Record<string, string | string[]>;
    body: string;
  };
  const { 'set-cookie': setCookies = [], ...others } = headers;
  return {
    statusCode,
    setCookies: [setCookies].flat(),
    headers: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, [value].flat()])),
    body,
  };
}

/** Every event source that `hono/aws-lambda` takes. */
export const honoServices: readonly (HonoService & { readonly address: string | undefined })[] = [
  ...services.map((service) => ({ ...service, address: ADDRESS })),
  { name: 'VPC Lattice', event: latticeEvent, receive: fromLattice, address: undefined },
];
