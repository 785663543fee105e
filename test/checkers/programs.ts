import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { programsOf } from '../world/python.js';

export const CHECKERS: readonly string[] = ['cfn-lint==1.58.0', 'checkov==3.3.30'];
/** Apart from checkov, which wants an older botocore. */
export const AWS_CLI: readonly string[] = ['awscli==1.46.3'];

/** What came of a program. */
export interface Ran {
  readonly exitCode: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of these packages, with nothing of the machine's AWS settings. */
export function runProgram(packages: readonly string[], name: string, args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    AWS_REGION: 'eu-west-3',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    LC_ALL: 'C.UTF-8',
  };
  return new Promise((resolve) => {
    execFile(join(programsOf(packages), name), args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}
