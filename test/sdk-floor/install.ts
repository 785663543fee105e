import { installPackages } from '../world/install-packages.js';
import { FLOOR, FOLDER } from './floor.js';

/** Installs the lowest supported SDK. */
export default (): Promise<void> =>
  installPackages(
    FOLDER,
    ['client-dynamodb', 'lib-dynamodb'].map((name) => `@aws-sdk/${name}@${FLOOR}`),
  );
