/** The files below dist/templates in the package, by what they are for. `npm run build` makes them of the construct. */
export const TEMPLATE_FORMATS = {
  cloudformation: 'cloudformation.yaml',
  sam: 'sam.yaml',
  terraform: 'sessions.tf',
  serverless: 'serverless.yaml',
  policy: 'policies.json',
} as const;

/** How the infrastructure can be written down. */
export type TemplateFormat = keyof typeof TEMPLATE_FORMATS;
