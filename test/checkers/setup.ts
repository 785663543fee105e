import { findPython, installPackages, NO_PYTHON } from '../world/python.js';
import { CHECKERS } from './programs.js';

/** Installs the checkers, once. They are not left out where they cannot run. */
export default async function setUp(): Promise<void> {
  const python = findPython();
  if (python === undefined) throw new Error(`npm run test:checkers ${NO_PYTHON}`);
  await installPackages(python, CHECKERS);
}
