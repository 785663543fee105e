import { Agent, request } from 'node:https';
import { json } from 'node:stream/consumers';

/**
 * What any client of DynamoDB takes at least: one request of `node:https` on a connection that is kept, with the headers
 * of a signed one, and its answer as JSON. Nothing is signed and nothing is checked.
 */
const agent = new Agent({ keepAlive: true });

const headers = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.GetItem',
  'x-amz-date': '20260101T000000Z',
  'x-amz-security-token': 'test',
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=${'0'.repeat(64)}`,
  'user-agent': 'bench',
};

export const handler = async ({ cookies }: { readonly cookies?: readonly string[] }): Promise<unknown> => {
  const [, id = ''] = /=([\w-]+)\./.exec(cookies?.[0] ?? '') ?? [];
  const body = JSON.stringify({ TableName: 'Sessions', Key: { id: { S: id } }, ConsistentRead: true });
  const answer = await new Promise<unknown>((resolve, reject) => {
    const asked = request(String(process.env['AWS_ENDPOINT_URL_DYNAMODB']), { method: 'POST', agent, headers });
    asked.on('response', (response) => void json(response).then(resolve, reject));
    asked.on('error', reject);
    asked.end(body);
  });
  const { Item: item } = answer as { Item: Record<string, { readonly S?: string }> };
  return { statusCode: 200, body: `hello ${item['user']?.S?.slice(2)}` };
};
