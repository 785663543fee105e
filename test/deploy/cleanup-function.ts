import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { findPython } from '../world/python.js';

/** The bucket for the code of functions. */
export const BUCKET = 'code';

/** The cleanup's code. */
export const readBundle = (): Promise<Buffer> => readFile(join(import.meta.dirname, '../../.cache/cleanup/index.mjs'));

/** Puts the code of a function into the bucket, packed as the head of the template for CloudFormation says. */
export async function uploadCode(endpoint: string, folder: string, key: string, code: string | Buffer): Promise<void> {
  await writeFile(join(folder, 'index.mjs'), code);
  // A program that is there: ministack is one of Python.
  execFileSync(findPython() as string, ['-m', 'zipfile', '-c', 'code.zip', 'index.mjs'], { cwd: folder });
  await put(endpoint, BUCKET);
  await put(endpoint, `${BUCKET}/${key}`, await readFile(join(folder, 'code.zip')));
}

/** What a run of the cleanup answers. */
export async function invokeCleanup(endpoint: string, name: string): Promise<unknown> {
  const answer = await fetch(`${endpoint}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { authorization: authorization('lambda') },
    body: '{}',
  });
  return answer.json();
}

async function put(endpoint: string, path: string, body: Buffer = Buffer.alloc(0)): Promise<void> {
  const answer = await fetch(`${endpoint}/${path}`, {
    method: 'PUT',
    headers: { authorization: authorization('s3') },
    body: new Uint8Array(body),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

const authorization = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`;
