import { createRequire } from 'node:module';
import { styleText } from 'node:util';
import { Option } from 'commander';
import { TABLE_ENVIRONMENT } from '../table-schema.js';
import { addCleanup } from './cleanup.js';
import { addCreateTable } from './create-table.js';
import { oneLine } from './failure.js';
import { addDev } from './dev.js';
import { addErase } from './erase.js';
import { addExport } from './export.js';
import { addList } from './list.js';
import { addLogOut } from './log-out.js';
import { addLogOutEveryone } from './log-out-everyone.js';
import { addRevoke } from './revoke.js';
import { addShow } from './show.js';
import { addStats } from './stats.js';
import { StrictCommand } from './strict-command.js';
import { addTemplate } from './template.js';

/** The whole command, ready to be told its arguments. */
export function createProgram(): StrictCommand {
  const program = new StrictCommand('dynamodb-sessions')
    .description('Manages the sessions that dynamodb-sessions keeps in a DynamoDB table.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .addOption(new Option('--table <name>', 'the table').env(TABLE_ENVIRONMENT.tableName))
    .addOption(
      new Option('--region <name>', 'its region (default: as for other AWS tools)').env(TABLE_ENVIRONMENT.region),
    )
    .option('--endpoint <url>', 'a local engine, such as http://127.0.0.1:8000')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => write(`${styleText('red', oneLine(text), { stream: process.stderr })}\n`),
    })
    .exitOverride();
  for (const add of COMMANDS) add(program);
  return program;
}

/** In the order of the help. */
const COMMANDS: readonly ((program: StrictCommand) => void)[] = [
  addList,
  addShow,
  addRevoke,
  addLogOut,
  addLogOutEveryone,
  addExport,
  addErase,
  addStats,
  addCleanup,
  addCreateTable,
  addDev,
  addTemplate,
];

const HELP = `
Exit codes:
  0    done
  1    list, show or revoke found no live session, export nothing; or the work was not finished
  2    the command was not understood, or lacks what it needs; nothing was sent
  3    DynamoDB failed or refused, or the table does not fit
  4    a bug in this command
  130  interrupted by Ctrl-C (143: by SIGTERM)

Credentials are read as by other AWS tools: AWS_PROFILE, AWS_ACCESS_KEY_ID, a role. A local engine needs none.
Secrets and their hashes are never shown.`;

function version(): string {
  const manifest: { readonly version: string } = createRequire(import.meta.url)('dynamodb-sessions/package.json');
  return manifest.version;
}
