/** `npm run build` runs it last: the templates beside this file in dist/. */
import { writeFileSync } from 'node:fs';
import { TEMPLATE_FORMATS, type TemplateFormat } from '../src/cli/template-formats.js';
import { templates } from './templates.js';

// `cdk synth` validates what the construct makes, and takes seconds for it.
process.env['CDK_VALIDATION'] = 'false';
for (const [format, text] of Object.entries(templates())) {
  writeFileSync(new URL(TEMPLATE_FORMATS[format as TemplateFormat], import.meta.url), text);
}
