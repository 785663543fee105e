import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import type { Template } from '../../templates/template.js';
import { command } from '../cli/command.js';
import { runbooks } from '../cli/runbooks.js';
import { programsOf } from '../world/python.js';
import { readBundle, uploadCode } from './cleanup-function.js';
import { deployStack, physicalId } from './cloudformation.js';
import { createLambdaFolder } from './lambda-folder.js';
import { AWS_CLI, Ministack } from './ministack.js';
import { withPlainAlarms } from './plain-alarms.js';
import { codeKeyOf, synthesizeStore } from './store-template.js';

// Each runbook of docs/guides/operations.md from its beginning to its end, as an operator types it: with the AWS CLI and
// the command, against a stack on an emulated AWS. `npx cdk` is left out: it asks.

const [OURS, THEIRS] = ['000000000000', '222222222222'];
const TABLE_ARN = `arn:aws:dynamodb:us-east-1:${OURS}:table/Sessions`;
const END = '--- the end';
const RESTORED = 'Sessions-restored';

/** What ministack does not know. The AWS CLI has understood it if the answer is an error of the service. */
const UNKNOWN = ['cloudwatch get-insight-rule-report', 'service-quotas list-service-quotas'];

const PRELUDE = `set -eu
call() { ${join(programsOf(AWS_CLI), 'aws')} --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
aws() {
  case "$1 $2" in
    ${UNKNOWN.map((name) => `'${name}'`).join(' | ')}) if call "$@"; then return 9; else [ $? -ge 254 ]; fi ;;
    *) call "$@" ;;
  esac
}
npx() {
  case "$1" in
    dynamodb-sessions) shift && "$NODE" "$COMMAND" "$@" ;;
    cdk) ;;
    *) return 9 ;;
  esac
}
`;

/** What belongs to a runbook and is not in it. */
interface Surroundings {
  /** What is done before it, or before one of its steps. */
  readonly before?: Readonly<Record<number, string>>;
  /** What is looked at in the end, and what it has to print. */
  readonly after?: string;
  readonly seen?: RegExp;
}

const getMark = (table: string): string =>
  `aws dynamodb get-item --table-name ${table} --key '{"id":{"S":"everyone#mark"}}'`;
const getTtl = (table: string): string => `aws dynamodb describe-time-to-live --table-name ${table}`;

const SURROUNDINGS: Readonly<Record<string, Surroundings>> = {
  'A leaked table': {
    before: { 0: `aws dynamodb put-resource-policy --resource-arn ${TABLE_ARN} --policy '{"Statement":[]}'` },
  },
  'A mass logout': { after: getMark('Sessions'), seen: /"generation"/ },
  'A restore': { after: `${getTtl(RESTORED)}\n${getMark(RESTORED)}`, seen: /"ENABLED"[^]*"generation"/ },
  'A region that is down': {
    before: { 0: `npx dynamodb-sessions create-table --region eu-west-1 --endpoint "$AWS_ENDPOINT_URL"` }, // ministack makes no replicas
    after: `AWS_DEFAULT_REGION=eu-west-1 ${getMark('Sessions')}`,
    seen: /"generation"/,
  },
  'The key was rotated, or disabled': {
    before: {
      0: `KEY=$(aws kms create-key --query KeyMetadata.KeyId --output text)
          aws kms schedule-key-deletion --key-id $KEY --pending-window-in-days 7`,
    },
    after: 'aws kms describe-key --key-id $KEY --query KeyMetadata.KeyState',
    seen: /^"Enabled"/,
  },
  'Moving to another account or region': {
    before: {
      0: 'aws s3api create-bucket --bucket exported-sessions',
      // The exports of ministack have no data, and its accounts share no bucket.
      1: `aws dynamodb scan --table-name Sessions | "$NODE" -e '
            const { Items } = JSON.parse(fs.readFileSync(0, "utf8"));
            const lines = Items.map((Item) => JSON.stringify({ Item }));
            fs.writeFileSync("data.json.gz", zlib.gzipSync(lines.join(String.fromCharCode(10))));'
          aws s3api delete-bucket --bucket exported-sessions
          export AWS_ACCESS_KEY_ID=${THEIRS}
          aws s3api create-bucket --bucket exported-sessions
          aws s3api put-object --bucket exported-sessions --key sessions/AWSDynamoDB/1/data/data.json.gz --body data.json.gz`,
      3: 'export AWS_ACCESS_KEY_ID=test',
    },
    after: `aws dynamodb list-tables
            export AWS_ACCESS_KEY_ID=${THEIRS}
            aws dynamodb scan --table-name Sessions --query 'Items[].user.S'`,
    seen: /"TableNames": \[(?![^\]]*"Sessions")[^]*"s:user-1"/,
  },
};

/** Moving deletes the table, and so comes last. */
const inOrder = runbooks
  .map(({ title, scripts }) => [title, scripts] as const)
  .toSorted(([one], [other]) => Number(one.startsWith('Moving')) - Number(other.startsWith('Moving')));

describe.skipIf(!inject('hasMinistack'))('the runbook', () => {
  let folder: Awaited<ReturnType<typeof createLambdaFolder>>;
  let aws: Ministack;
  let dynamodb: DynamoDBClient;
  let template: Template;
  let id: string;

  beforeAll(async () => {
    folder = await createLambdaFolder();
    aws = await Ministack.start(folder.path);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    dynamodb = new DynamoDBClient({ endpoint: aws.endpoint, region: 'us-east-1', credentials });
    template = await synthesizeStore(join(folder.path, 'cdk.out'), 'Sessions', { tableName: 'Sessions' });
    await uploadCode(aws.endpoint, folder.path, codeKeyOf(template), await readBundle());
    await deployStack(aws.endpoint, 'Create', 'Sessions', JSON.stringify(withPlainAlarms(template)));
  });
  afterAll(async () => {
    dynamodb?.destroy();
    await aws?.stop();
    await folder?.remove();
  });

  beforeEach(async () => {
    const persistence = new DynamoDBPersistenceLayer({ client: dynamodb, tableName: 'Sessions', timeoutMs: 15_000 });
    const sessions = new Sessions({ persistence });
    for (const user of ['user-2', 'user-1', 'user-1']) {
      const session = await sessions.start();
      await session.logIn({ id: user });
      const cookie = await session.commit();
      if (cookie.kind === 'set') [id = ''] = cookie.token.split('.');
    }
  });

  /** The text with the names that things have here. */
  async function named(text: string): Promise<string> {
    const physical = async (name: string): Promise<string> => {
      const logicalId = Object.keys(template.Resources).find((each) => each.replace(/[0-9A-F]{8}$/, '') === name);
      return physicalId(aws.endpoint, 'Sessions', logicalId as string);
    };
    let result = text
      .replaceAll(/https:\S*Sessions-DeadLetters/g, await physical('StoreCleanupDeadLetters'))
      .replaceAll('Shop-Api', await physical('StoreCleanupFunction'))
      .replaceAll('1234abcd-12ab-34cd-56ef-1234567890ab', '$KEY')
      .replaceAll('Kq3vXb0mTzOeYw1n5dRhQg', id)
      .replaceAll('111122223333', OURS)
      .replaceAll('eu-west-3', 'us-east-1');
    for (const [name, resource] of text.matchAll(/Sessions-(Store\w+)-1A2B3C/g)) {
      result = result.replaceAll(name, await physical(resource as string));
    }
    return result;
  }

  /** Runs a text in a shell until a command fails, and gives what is printed. */
  function run(script: string): Promise<string> {
    const [node, main] = command.argv;
    const env = {
      ...command.environment,
      NODE: node,
      COMMAND: main,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
      HTTPS_PROXY: 'http://127.0.0.1:9', // nothing leaves this machine
      DYNAMODB_SESSIONS_TABLE: 'Sessions',
    };
    return new Promise((resolve, reject) => {
      execFile('bash', ['-c', PRELUDE + script], { env, cwd: folder.path }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`The shell ended with ${error.code}:\n${stdout}\n${stderr}`));
      });
    });
  }

  it.each(inOrder)(
    '“%s” is done as it is written',
    async (title, scripts) => {
      const { before = {}, after = '', seen = /(?:)/ } = SURROUNDINGS[title] ?? {};
      const steps = scripts.map((script, index) => `${before[index] ?? ''}\n${script}`).join('\n');
      const checked = steps.replaceAll(/^(npx .*?) # ends with (\d):.*$/gm, 'if $1; then exit 9; else [ $? = $2 ]; fi');
      const printed = await run(`${await named(checked)}\necho '${END}'\n${after}`);
      expect(printed.split(`${END}\n`)[1]).toMatch(seen);
    },
    180_000,
  );
});

describe('the titles in this file', () => {
  it('are those of runbooks', () => {
    expect(runbooks.map(({ title }) => title)).toEqual(expect.arrayContaining(Object.keys(SURROUNDINGS)));
  });
});
