import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly peerDependencies: Readonly<Record<'aws-cdk-lib' | 'constructs', string>>;
}

const { peerDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as Manifest;
const lowest = (name: keyof Manifest['peerDependencies']): string => peerDependencies[name].replace(/^\^/, '');

/** The lowest CDK that package.json says is supported. */
export const FLOOR: Readonly<Record<keyof Manifest['peerDependencies'], string>> = {
  'aws-cdk-lib': lowest('aws-cdk-lib'),
  constructs: lowest('constructs'),
};

/** Where it is installed, away from the CDK that the project is developed with. */
export const FOLDER: string = fileURLToPath(new URL(`../../.cache/cdk-${FLOOR['aws-cdk-lib']}/`, import.meta.url));
