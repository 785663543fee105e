import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/** An account and a region for which no credentials are needed. */
export const ENVIRONMENT = 'aws://000000000000/us-east-1';

/** Where CDK writes what it keeps for itself, and with which endpoint it speaks: with no other. */
interface Place {
  readonly home: string;
  readonly endpoint?: string;
}

/** An environment with nothing of the machine's AWS settings. */
export function environment({ home, endpoint }: Place): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  return {
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
}

/** Runs the pinned command line of CDK in the project's folder. */
export function cdk(args: readonly string[], place: Place): Promise<string> {
  const options = { cwd: root, env: environment(place), maxBuffer: 16 << 20 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`cdk ${args.join(' ')} failed:\n${stdout}\n${stderr}`));
    });
  });
}
