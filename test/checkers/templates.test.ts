import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from './programs.js';
import { BY_CFN_LINT, BY_CHECKOV, type Suppression } from './suppressions.js';
import { newApp } from '../cdk/synth.js';
import { addVariants } from '../cdk/variants.js';

interface LintFinding {
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly string[] | null };
}

interface Report {
  readonly results: { readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[] };
  readonly summary: { readonly parsing_errors: number; readonly resource_count: number };
}

/** Rules and logical IDs, each pair once, as a checker found them or as they are suppressed. */
const sorted = (findings: readonly string[]): string[] => [...new Set(findings)].toSorted((a, b) => (a < b ? -1 : 1));
const expected = (suppressions: readonly Suppression[]): string[] =>
  sorted(suppressions.flatMap(({ rule, where }) => where.map((id) => `${rule} ${id}`)));

async function lint(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.template.json'));
  const paths = files.map((name) => join(folder, name));
  const { stdout, stderr } = await runChecker('cfn-lint', ['--format=json', ...paths]);
  expect(stderr).toBe('');
  const findings = JSON.parse(stdout) as LintFinding[];
  return sorted(findings.map(({ Rule, Location }) => `${Rule.Id} ${Location.Path?.[1]}`));
}

async function check(folder: string): Promise<Report['summary'] & { findings: string[] }> {
  const options = ['--framework=cloudformation', '--output=json', '--compact', '--quiet', '--skip-download'];
  const { stdout } = await runChecker('checkov', [...options, `--directory=${folder}`]);
  const { results, summary } = JSON.parse(stdout) as Report;
  const findings = results.failed_checks.map(({ check_id, resource }) => `${check_id} ${resource.split('.').at(-1)}`);
  return { ...summary, findings: sorted(findings) };
}

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'dynamodb-sessions-templates-'));

describe('the templates of the store in all its forms', () => {
  let folder: string;
  let stacks: number;

  beforeAll(async () => {
    folder = await newFolder();
    const app = newApp(folder);
    stacks = addVariants(app).length;
    app.synth();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are as cfn-lint wants them, but for what suppressions.ts explains', async () => {
    expect(await lint(folder)).toEqual(expected(BY_CFN_LINT));
  });

  it('are as checkov wants them, but for what suppressions.ts explains', async () => {
    const { findings, parsing_errors, resource_count } = await check(folder);
    expect(findings).toEqual(expected(BY_CHECKOV));
    expect(parsing_errors).toBe(0);
    expect(resource_count).toBeGreaterThan(10 * stacks);
  });
});

describe('a template with mistakes', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await newFolder();
    const Bad = { Type: 'AWS::Lambda::Function', Properties: { Runtime: 'nodejs24.x', Timeout: 'long' } };
    await writeFile(join(folder, 'Bad.template.json'), JSON.stringify({ Resources: { Bad } }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is found by cfn-lint', async () => {
    expect(await lint(folder)).toContain('E3012 Bad');
  });

  it('is found by checkov', async () => {
    expect((await check(folder)).findings).toContain('CKV_AWS_116 Bad');
  });
});
