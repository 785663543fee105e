import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/** An account and a region for which no credentials are needed. */
export const ENVIRONMENT = 'aws://000000000000/us-east-1';

/**
 * Runs the pinned command line of CDK in the project's folder, with nothing of the machine's AWS settings. What it
 * writes for itself goes into the folder given; it speaks to the endpoint given, and to no other.
 */
export function cdk(args: readonly string[], { home, endpoint }: { home: string; endpoint?: string }): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint }),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DEFAULT_ACCOUNT: '000000000000',
    CDK_DEFAULT_REGION: 'us-east-1',
    CDK_HOME: home,
    CI: 'true',
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...args], { cwd: root, env, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`cdk ${args.join(' ')} failed:\n${stdout}\n${stderr}`));
    });
  });
}
