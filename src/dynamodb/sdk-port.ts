import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { CallOptions } from '../core/persistence-layer.js';
import type { Operations, Port, Sent } from '../table/port.js';
import type { Command, Sender } from './sender.js';

const COMMANDS = {
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  UpdateItem: UpdateItemCommand,
  Query: QueryCommand,
  BatchGetItem: BatchGetItemCommand,
  BatchWriteItem: BatchWriteItemCommand,
} as const;

/** Asks DynamoDB by commands of the SDK. */
export class SdkPort implements Port {
  readonly #sender: Sender;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  async send<Name extends keyof Operations>(
    options: CallOptions,
    operation: Name,
    input: Operations[Name][0],
  ): Promise<Operations[Name][1] & Sent> {
    const CommandOf = COMMANDS[operation] as unknown as new (input: Operations[Name][0]) => Command<never, never>;
    return this.#sender.send(options, new CommandOf(input));
  }
}
