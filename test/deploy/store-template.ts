import { readFile } from 'node:fs/promises';
import { App, DefaultStackSynthesizer, type IStackSynthesizer, Stack } from 'aws-cdk-lib';
import { SessionStore, type SessionStoreProps } from '../../cdk/index.js';
import { only, type Template } from '../../templates/template.js';
import { BUCKET } from './cleanup-function.js';

/** What the construct makes of these properties, as the template of a stack of this name. */
export async function synthesizeStore(outdir: string, name: string, props: SessionStoreProps): Promise<Template> {
  const file = new URL('../../cdk.json', import.meta.url);
  const { context } = JSON.parse(await readFile(file, 'utf8')) as { context: Record<string, unknown> };
  const app = new App({ outdir, context });
  const options = { generateBootstrapVersionRule: false, fileAssetsBucketName: BUCKET };
  // CDK's own class does not fit its interface where `exactOptionalPropertyTypes` is on.
  const synthesizer = new DefaultStackSynthesizer(options) as IStackSynthesizer;
  new SessionStore(new Stack(app, name, { synthesizer }), 'Store', props);
  return app.synth().getStackByName(name).template as Template;
}

/** Where in the bucket the template looks for the code of its only function. */
export const codeKeyOf = (template: Template): string =>
  (only(template, 'AWS::Lambda::Function')[1].Properties['Code'] as { S3Key: string }).S3Key;
