import { spawnSync } from 'node:child_process';
import { installKeycloak } from './install.js';

/** Installs Keycloak, once. The tests are not left out where it cannot run. */
export default async function setUp(): Promise<void> {
  for (const [program, ...args] of [['java', '-version'] as const, ['mvn', '--version'] as const]) {
    if (spawnSync(program, args).status !== 0)
      throw new Error(`npm run test:keycloak needs Java 17 and Maven: apt-get install openjdk-17-jre-headless maven`);
  }
  await installKeycloak();
}
