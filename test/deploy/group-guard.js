// Runs the command given as arguments, and whatever that starts, for as long as standard input is open: the other end
// closes it on purpose, by exiting, or by being killed. Then the whole process group ends.
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code) => {
  end();
  process.exit(code ?? 0);
});

const end = () => {
  try {
    process.kill(-Number(child.pid), 'SIGKILL');
  } catch {
    // There is none left.
  }
};
process.stdin.on('close', end).on('error', end).resume();
process.on('SIGTERM', end);
process.on('SIGHUP', end);
process.on('SIGINT', end);
