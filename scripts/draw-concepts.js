/**
 * `npm run docs:pictures`: draws the pictures of docs/concepts.md, from the text below, into docs/images; or into the
 * folder that is given. Each picture has its own background for light and for dark, so it can be read on any page.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WIDTH = 480;
const LINE = 20;

const STYLE = `
  svg { --paper: #fff; --ink: #24272e; --dim: #5c6370; --line: #d5d9e0; --box: #f4f5f8; --new: #3a3fc2; --good: #17693a; --bad: #b3261e; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #1b1d23; --ink: #e8e9ec; --dim: #a6acb8; --line: #3d424d; --box: #25282f; --new: #aab2ff; --good: #86d3a0; --bad: #ffb0a8; }
  }
  text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
  .paper { fill: var(--paper); stroke: var(--line); } .box { fill: var(--box); stroke: var(--line); }
  .gone { stroke-dasharray: 5 4; } .rule { stroke: var(--line); }
  .head { font-weight: 600; } .dim { fill: var(--dim); }
  .mono { font: 12.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
  .new { fill: var(--new); font-weight: 700; } .good { fill: var(--good); font-weight: 600; } .bad { fill: var(--bad); font-weight: 600; }
  .arrow { stroke: var(--dim); fill: none; } .tip { fill: var(--dim); }`;

/**
 * A story in rows. On the left stands what happens and what comes of it, on the right what the table holds then.
 * What is new there is emphasised.
 */
const STORIES = {
  rotation: {
    title: 'A rotation: the secret A is replaced by B',
    columns: ['What happens', 'The item in the table'],
    rows: [
      { lines: ['The browser has the', 'secret A.'], item: { secretHash: 'hash of A' } },
      {
        lines: ['An hour later, a request', 'with A makes B out of A', 'and a random nonce.'],
        good: 'The answer carries B.',
        item: { secretHash: 'hash of B', previousHash: 'hash of A', nonce: 'n' },
      },
      {
        lines: ['That answer is lost. The', 'next request has A again.'],
        good: 'A and n make B again.',
        item: { secretHash: 'hash of B', previousHash: 'hash of A', nonce: 'n' },
      },
      {
        lines: ['The first request with B:', 'the browser knows it now.'],
        good: 'A is good for 120 s more.',
        item: { secretHash: 'hash of B', previousHash: 'hash of A', nonce: 'n', previousUntil: 'in 120 s' },
      },
      {
        lines: ['A comes back after that.', 'Somebody has a copy.'],
        bad: 'The session ends.',
        tombstone: true,
        item: { endedAt: 'now' },
      },
    ],
  },
  end: {
    title: 'An end: late writes are refused',
    columns: ['What happens', 'The item in the table'],
    rows: [
      {
        lines: ['A slow request begins, and', 'reads the session.'],
        item: { auth: '1', 'data.theme': '"light"' },
      },
      {
        lines: ['Another request logs out.'],
        good: 'A tombstone remains.',
        tombstone: true,
        item: { endedAt: 'now', expiresAt: 'in an hour' },
      },
      {
        lines: ['The slow request saves its', 'theme, if auth is still 1.'],
        bad: 'Refused: there is no auth.',
        tombstone: true,
        item: { endedAt: 'now', expiresAt: 'in an hour' },
      },
      {
        lines: ['A late copy of the creation', 'arrives. It needs a free ID.'],
        bad: 'Refused: the ID is taken.',
        tombstone: true,
        item: { endedAt: 'now', expiresAt: 'in an hour' },
      },
      {
        lines: ['After an hour or more,', 'DynamoDB removes it.'],
        good: 'It costs nothing.',
        tombstone: true,
        item: {},
      },
    ],
  },
  marks: {
    title: 'Log out everywhere: the mark of the user',
    columns: ['What happens', 'Ann’s mark and sessions'],
    rows: [
      {
        lines: ['Ann is signed in twice.'],
        item: { mark: 'generation 6', laptop: 'generation 6', phone: 'generation 6' },
      },
      {
        lines: ['logOutUser raises the mark.'],
        good: 'Generation 6 is dead.',
        item: { mark: 'generation 7', laptop: 'generation 6', phone: 'generation 6' },
      },
      {
        lines: ['It ends what the index', 'shows. The index is late:', 'the phone is missing.'],
        item: { mark: 'generation 7', laptop: 'tombstone', phone: 'generation 6' },
      },
      {
        lines: ['The phone comes back.', 'When its touch is due, the', 'request looks at the mark.'],
        bad: '6 is below 7: it ends.',
        item: { mark: 'generation 7', laptop: 'tombstone', phone: 'tombstone' },
      },
      {
        lines: ['Ann signs in. The login', 'reads the mark.'],
        good: '7 is alive.',
        item: { mark: 'generation 7', tablet: 'generation 7' },
      },
    ],
  },
};

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const text = (x, y, content, classes = '') =>
  `<text x="${x}" y="${y}"${classes && ` class="${classes}"`}>${escaped(content)}</text>`;

function svg(title, height, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<rect class="paper" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
${content.join('\n')}
</svg>
`;
}

function story({ title, columns, rows }) {
  const [left, right, boxWidth] = [20, 236, 228];
  const drawn = [text(left, 30, columns[0], 'head'), text(right, 30, columns[1], 'head')];
  let y = 44;
  let before = {};
  rows.forEach(({ lines, good, bad, tombstone = false, item }, index) => {
    const entries = Object.entries(item);
    const outcome = good ?? bad;
    const leftLines = lines.length + (outcome === undefined ? 0 : 1);
    const boxHeight = 16 + Math.max(1, entries.length + (tombstone && entries.length > 0 ? 1 : 0)) * LINE;
    const height = Math.max(leftLines * LINE, boxHeight) + 20;
    if (index > 0) drawn.push(`<path class="rule" d="M${left} ${y}H${WIDTH - 16}"/>`);
    lines.forEach((line, at) => drawn.push(text(left, y + 25 + at * LINE, line)));
    if (outcome !== undefined)
      drawn.push(text(left, y + 25 + lines.length * LINE, outcome, good === undefined ? 'bad' : 'good'));
    drawn.push(
      `<rect class="box${tombstone ? ' gone' : ''}" x="${right}" y="${y + 10}" width="${boxWidth}" height="${boxHeight}" rx="6"/>`,
    );
    const inBox = [
      ...(entries.length === 0 ? [['nothing', '']] : []),
      ...(tombstone && entries.length > 0 ? [['tombstone', '']] : []),
      ...entries,
    ];
    inBox.forEach(([key, value], at) => {
      const isNew = index > 0 && before[key] !== value;
      const lineAt = y + 31 + at * LINE;
      drawn.push(text(right + 12, lineAt, key, value === '' ? 'mono' : 'mono dim'));
      if (value !== '') drawn.push(text(right + 118, lineAt, value, isNew ? 'mono new' : 'mono'));
    });
    before = item;
    y += height;
  });
  return svg(title, y + 4, drawn);
}

/** What the cookie carries, and what becomes of its halves. */
function token() {
  const [arrowLeft, arrowRight] = [130, 352];
  const arrow = (x, from, to) =>
    `<path class="arrow" d="M${x} ${from}V${to - 6}"/><path class="tip" d="M${x - 5} ${to - 8}h10l-5 8z"/>`;
  return svg('The token: an ID and a secret', 330, [
    text(20, 30, 'The cookie __Host-id', 'head'),
    '<rect class="box" x="16" y="44" width="448" height="40" rx="6"/>',
    text(28, 69, 'Kq3vR7hXw0mB2sYtNfPzAg', 'mono'),
    text(206, 69, '.', 'mono'),
    text(220, 69, '9fXbQ1…32 characters…Lm0Zk', 'mono new'),
    text(28, 106, 'the ID, 128 random bits:', 'dim'),
    text(28, 124, 'no credential, may be shown', 'dim'),
    text(250, 106, 'the secret, 192 random bits:', 'dim'),
    text(250, 124, 'only the browser has it', 'dim'),
    arrow(arrowLeft, 136, 190),
    arrow(arrowRight, 136, 190),
    text(arrowLeft + 12, 166, 'as it is', 'dim'),
    text(arrowRight + 12, 166, 'SHA-256', 'head'),
    text(20, 184, 'The item', 'head'),
    '<rect class="box" x="16" y="196" width="448" height="118" rx="6"/>',
    ...[
      ['id', 'Kq3vR7hXw0mB2sYtNfPzAg', ''],
      ['secretHash', 'the hash, never the secret', 'new'],
      ['user', 's:ann', ''],
      ['expiresAt', '1796000000', ''],
      ['data.theme', '"dark"', ''],
    ].flatMap(([key, value, kind], at) => [
      text(28, 219 + at * LINE, key, 'mono dim'),
      text(140, 219 + at * LINE, value, `mono ${kind}`.trim()),
    ]),
  ]);
}

const [folder = join(import.meta.dirname, '../docs/images')] = process.argv.slice(2);
const stories = Object.entries(STORIES).map(([name, each]) => [name, story(each)]);
for (const [name, picture] of [['token', token()], ...stories]) writeFileSync(join(folder, `${name}.svg`), picture);
