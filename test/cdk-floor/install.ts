import { installPackages } from '../world/install-packages.js';
import { FLOOR, FOLDER } from './floor.js';

/** Installs the lowest supported CDK. */
export default (): Promise<void> =>
  installPackages(
    FOLDER,
    Object.entries(FLOOR).map(([name, version]) => `${name}@${version}`),
  );
