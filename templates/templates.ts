import type { TemplateFormat } from '../src/cli/template-formats.js';
import { cloudFormation, sam } from './cloudformation.js';
import { policies } from './policies.js';
import { serverless } from './serverless.js';
import { synthesize } from './synthesize.js';
import { terraform } from './terraform.js';

/** The infrastructure of the construct, written down for who does not use CDK. */
export function templates(): Readonly<Record<TemplateFormat, string>> {
  const template = synthesize();
  return {
    cloudformation: cloudFormation(template),
    sam: sam(template),
    terraform: terraform(template),
    serverless: serverless(template),
    policy: policies(template),
  };
}
