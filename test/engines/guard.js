// Runs the command given as arguments for as long as standard input is open, and not a moment longer:
// the other end closes it on purpose, by exiting, or by being killed.
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code) => process.exit(code ?? 0));

const end = () => child.kill('SIGKILL');
process.stdin.on('close', end).on('error', end).resume();
process.on('SIGTERM', end);
process.on('SIGHUP', end);
process.on('SIGINT', end);
