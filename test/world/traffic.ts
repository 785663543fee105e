import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Bytes of requests and of their answers, without heads. */
export interface Bytes {
  readonly sent: number;
  readonly received: number;
}

/** Counts what goes between a client and its engine. */
export class Traffic {
  #bytes: Bytes = { sent: 0, received: 0 };

  constructor(client: DynamoDBClient) {
    client.middlewareStack.add(
      (next) => async (args) => {
        const { body } = args.request as { readonly body: Uint8Array };
        const result = await next(args);
        const { headers } = result.response as { readonly headers: Readonly<Record<string, string>> };
        const { sent, received } = this.#bytes;
        this.#bytes = { sent: sent + body.length, received: received + Number(headers['content-length']) };
        return result;
      },
      { step: 'deserialize', name: 'traffic', priority: 'low' },
    );
  }

  /** What `action` sent and received. */
  async of(action: () => unknown): Promise<Bytes> {
    this.#bytes = { sent: 0, received: 0 };
    await action();
    return this.#bytes;
  }
}
