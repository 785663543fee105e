import type { CallOptions } from '../core/persistence-layer.js';

/** The kinds of values that DynamoDB has on the wire. */
interface Kinds {
  S: string;
  N: string;
  B: Uint8Array;
  BOOL: boolean;
  NULL: boolean;
  SS: string[];
  NS: string[];
  BS: Uint8Array[];
  L: AttributeValue[];
  M: Record<string, AttributeValue>;
  /** What the SDK makes of a kind that it does not know. */
  $unknown: [kind: string, value: unknown];
}

/** A value as DynamoDB has it on the wire: of exactly one kind. The type is the SDK's. */
export type AttributeValue = {
  [Kind in keyof Kinds]: { [Name in Kind]: Kinds[Kind] } & { [Name in Exclude<keyof Kinds, Kind>]?: never };
}[keyof Kinds];

/** An item, or the key of one. */
export type Item = Record<string, AttributeValue>;

/** What stands for names and values in an expression. */
export interface PlaceholderInput {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
}

interface ConditionInput extends PlaceholderInput {
  TableName: string;
  ConditionExpression?: string;
  ReturnValuesOnConditionCheckFailure?: 'ALL_OLD';
}

export interface GetItemInput {
  TableName: string;
  Key: Item;
  ConsistentRead?: boolean;
}

export interface PutItemInput extends ConditionInput {
  Item: Item;
}

export interface UpdateItemInput extends ConditionInput {
  Key: Item;
  UpdateExpression: string;
  ReturnValues?: 'ALL_NEW';
}

export interface QueryInput extends PlaceholderInput {
  TableName: string;
  IndexName: string;
  KeyConditionExpression: string;
  ProjectionExpression: string;
  ExclusiveStartKey?: Item;
}

/** Which items a bulk read is for. */
export interface Keys extends PlaceholderInput {
  Keys?: Item[];
  ConsistentRead?: boolean;
  ProjectionExpression?: string;
}

/** One write of a bulk. */
export interface WriteRequest {
  PutRequest?: { Item: Item };
}

/** What is asked of DynamoDB: each operation's input and answer, as far as they are used. */
export interface Operations {
  GetItem: [input: GetItemInput, answer: { Item?: Item }];
  PutItem: [input: PutItemInput, answer: object];
  UpdateItem: [input: UpdateItemInput, answer: { Attributes?: Item }];
  Query: [input: QueryInput, answer: { Items?: Item[]; LastEvaluatedKey?: Item }];
  BatchGetItem: [
    input: { RequestItems: Record<string, Keys> },
    answer: { Responses?: Record<string, Item[]>; UnprocessedKeys?: Record<string, Keys> },
  ];
  BatchWriteItem: [
    input: { RequestItems: Record<string, WriteRequest[]> },
    answer: { UnprocessedItems?: Record<string, WriteRequest[]> },
  ];
}

/** How often a request was sent. An earlier copy of one that was repeated may have been applied, or may yet be. */
export interface Sent {
  readonly $metadata: { readonly attempts?: number | undefined };
}

/** What asks DynamoDB: the SDK's client, or another. */
export interface Port {
  /**
   * Waits for an answer until the budget for one call or the caller's deadline is over, whichever is first.
   *
   * @throws {@link ConditionFailure} if the condition did not hold; a `SessionError` for everything else
   */
  send<Name extends keyof Operations>(
    options: CallOptions,
    operation: Name,
    input: Operations[Name][0],
  ): Promise<Operations[Name][1] & Sent>;
}

/** DynamoDB's refusal of a write whose condition did not hold. */
export interface ConditionFailure extends Error, Sent {
  readonly name: 'ConditionalCheckFailedException';
  /** What is there instead. Not every engine says it. */
  readonly Item?: Item;
}

export function isConditionFailure(error: unknown): error is ConditionFailure {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

/** Whether a request was sent more than once. */
export function wasRepeated({ $metadata }: Sent): boolean {
  return ($metadata.attempts ?? 1) > 1;
}
