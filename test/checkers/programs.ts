import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { programsOf } from '../world/python.js';

export const CHECKERS: readonly string[] = ['cfn-lint==1.58.0', 'checkov==3.3.30'];

/** What a program has printed. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a checker, with no settings of the machine. One that objects to something has failed, and printed what. */
export function runChecker(name: string, args: readonly string[]): Promise<Printed> {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C.UTF-8' };
  return new Promise((resolve) => {
    execFile(join(programsOf(CHECKERS), name), args, { env, maxBuffer: 64 << 20 }, (_failed, stdout, stderr) => {
      resolve({ stdout, stderr });
    });
  });
}
