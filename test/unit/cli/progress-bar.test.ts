import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ProgressBar } from '../../../src/cli/progress-bar.js';

describe('the progress bar', () => {
  it('shows how far the job is, its rate and the time left', async () => {
    const { stream, text } = terminal(true);
    const bar = new ProgressBar(1_000, stream);
    for (const items of [100, 200, 300]) {
      await delay(120);
      bar.show(items, '7 deleted');
    }
    bar.end();
    expect(text()).toMatch(/ 30 % {2}300 items {2}[\d,]+ a second {2}\d s left {2}7 deleted/);
  });

  it('promises nothing if it is not known how much there is', () => {
    const { stream, text } = terminal(true);
    const bar = new ProgressBar(undefined, stream);
    bar.show(300, '7 deleted');
    bar.end();
    expect(text()).toMatch(/300 items {2}[\d,]+ a second {2}7 deleted/);
    expect(text()).not.toMatch(/%|left/);
  });

  it('stays at the end if there is more than DynamoDB has counted', () => {
    const { stream, text } = terminal(true);
    const bar = new ProgressBar(10, stream);
    bar.show(25, '7 deleted');
    bar.end();
    expect(text()).toMatch(/ 100 % {2}25 items/);
    expect(text()).not.toContain('1:');
  });

  it('is only for terminals', () => {
    const { stream, text } = terminal(false);
    const bar = new ProgressBar(10, stream);
    bar.show(5, '7 deleted');
    bar.end();
    expect(text()).toBe('');
  });
});

function terminal(isTTY: boolean): { stream: PassThrough; text: () => string } {
  const chunks: string[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream, text: () => stripVTControlCharacters(chunks.join('')) };
}
