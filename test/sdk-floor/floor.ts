import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly peerDependencies: Readonly<Record<'@aws-sdk/client-dynamodb' | '@aws-sdk/lib-dynamodb', string>>;
}

const { peerDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as Manifest;

/** The lowest SDK that package.json says is supported. */
export const FLOOR: string = peerDependencies['@aws-sdk/client-dynamodb'].replace(/^\^/, '');

/** Where it is installed, away from the SDK that the project is developed with. */
export const FOLDER: string = fileURLToPath(new URL(`../../.cache/sdk-${FLOOR}/`, import.meta.url));
