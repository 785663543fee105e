import type { IncomingMessage } from 'node:http';

/**
 * Reads an answer to its end.
 *
 * @throws if it breaks off, or is longer than that
 */
export function wholeBody(answer: IncomingMessage, mostBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > mostBytes) answer.destroy(new Error('The answer is too long.'));
    });
    answer.on('end', () => resolve(Buffer.concat(parts)));
    answer.on('error', reject);
  });
}
