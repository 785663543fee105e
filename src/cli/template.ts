import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { running } from './action.js';
import { EXIT } from './exit-code.js';
import { print } from './output.js';
import type { StrictCommand } from './strict-command.js';
import { TEMPLATE_FORMATS, type TemplateFormat } from './template-formats.js';

interface TemplateOptions {
  readonly format: TemplateFormat;
}

export function addTemplate(program: StrictCommand): void {
  const formats = new Option('--format <name>', 'what it is for').choices(Object.keys(TEMPLATE_FORMATS));
  program
    .command('template')
    .description('Print the infrastructure for where there is no CDK: the table, the cleanup, alarms, IAM policies.')
    .addOption(formats.makeOptionMandatory())
    .action(
      running<TemplateOptions>(async ({ format, ...options }) => {
        const root = dirname(createRequire(import.meta.url).resolve('dynamodb-sessions/package.json'));
        const file = join(root, 'dist/templates', TEMPLATE_FORMATS[format]);
        const template = (await readFile(file, 'utf8')).trimEnd();
        print(options, { format, template }, () => template);
        return EXIT.done;
      }),
    );
}
