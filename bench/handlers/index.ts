import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { bundle } from '../child.js';

/**
 * The handlers that are measured beside each other: the least that any client takes, the SDK's bare GetItem, and the
 * library on either client.
 */
export const handlers = {
  bare: { title: 'bare node:https', file: 'bare-request.ts' },
  sdkAlone: { title: 'SDK alone', file: 'sdk-alone.ts' },
  withSdk: { title: 'with the SDK', file: 'with-sdk.ts' },
  light: { title: 'light client', file: 'without-sdk.ts' },
} as const;

export type HandlerId = keyof typeof handlers;

export const handlerIds = Object.keys(handlers) as HandlerId[];

/** Something for each of the handlers. */
export type PerHandler<Value> = Readonly<Record<HandlerId, Value>>;

export const perHandler = <Value>(valueOf: (id: HandlerId) => Value): PerHandler<Value> =>
  Object.fromEntries(handlerIds.map((id) => [id, valueOf(id)])) as PerHandler<Value>;

export const sourceOf = (id: HandlerId): URL => new URL(handlers[id].file, import.meta.url);

/** Bundles each of them into the folder. Returns the files. */
export async function bundleHandlers(folder: string, options: BuildOptions = {}): Promise<PerHandler<string>> {
  const files = perHandler((id) => join(folder, `${id}.${options.format === 'esm' ? 'mjs' : 'cjs'}`));
  await Promise.all(handlerIds.map((id) => bundle(sourceOf(id), files[id], options)));
  return files;
}
