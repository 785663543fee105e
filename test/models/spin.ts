import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What an exhaustive search of a model has found. */
export interface Search {
  readonly errors: number;
  /** The assertion that does not hold, as SPIN writes it. */
  readonly violated: string | undefined;
  readonly states: number;
  /** Whether every state was looked at. */
  readonly complete: boolean;
  readonly output: string;
}

const run = promisify(execFile);
const MOST_OUTPUT = 16 * 1024 * 1024; // bytes
const MOST_STEPS = 10_000; // in one interleaving; the longest has some hundreds

/** Fails unless SPIN and a C compiler are there. */
export async function expectTools(): Promise<void> {
  for (const [tool, option] of [
    ['spin', '-V'],
    ['gcc', '--version'],
  ] as const) {
    try {
      await run(tool, [option]);
    } catch (cause) {
      throw new Error(`"${tool}" does not run; install SPIN 6.5 or newer and gcc (apt-get install spin gcc).`, {
        cause,
      });
    }
  }
}

/** Looks at every state of a model, or at all until an error shows. */
export async function search(model: string, without?: string): Promise<Search> {
  const file = fileURLToPath(new URL(`${model}.pml`, import.meta.url));
  const cwd = await mkdtemp(path.join(tmpdir(), 'models-'));
  try {
    await run('spin', ['-a', ...(without === undefined ? [] : [`-D${without}`]), file], { cwd });
    // An error shows soon: then the compiler's time counts.
    const optimization = without === undefined ? '-O2' : '-O0';
    await run('gcc', [optimization, '-w', '-DSAFETY', '-o', 'pan', 'pan.c'], { cwd });
    const { stdout: output } = await run('./pan', [`-m${MOST_STEPS}`], { cwd, maxBuffer: MOST_OUTPUT });
    return {
      errors: Number(/errors: (\d+)/.exec(output)?.[1]),
      violated: /assertion violated (?!- )(.+) \(at depth/.exec(output)?.[1],
      states: Number(/(\d+) states, stored/.exec(output)?.[1]),
      complete: !/Search not completed|max search depth too small|out of memory/.test(output),
      output,
    };
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
