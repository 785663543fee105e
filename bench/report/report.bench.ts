import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { it } from 'vitest';
import { readResults } from '../results.js';
import { isQuick } from '../rounds.js';
import { bytesTable, timesTable, unitsTable } from './comparison-tables.js';
import { replaced } from './markdown.js';
import { svgOf } from './plot.js';
import { dollarsPlot, firstViewPlot, monthPlot, pressurePlot, timePlot } from './plots.js';
import { demandTable, dollarsTable, pressuresTable } from './scale-tables.js';
import { besideTheSdkTable, costTable, guideLine, quotaLine, startsTable } from './beside-the-sdk.js';
import { overheadLine, sizeTable } from './library.js';
import { surroundingsLine } from './surroundings.js';
import { type CleanupResults, targetsTable } from './targets.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

it('writes the results into docs/performance.md, and draws them', async () => {
  const results = readResults();
  const { comparison } = results;
  const cleanup = JSON.parse(readFileSync(path('../cleanup/results.json'), 'utf8')) as CleanupResults;

  // What a quick run found is no result: it is shown apart.
  const docs = isQuick ? path('../../.cache/bench/docs/') : path('../../docs/');
  if (isQuick) cpSync(path('../../docs/'), docs, { recursive: true });
  mkdirSync(join(docs, 'plots'), { recursive: true });
  const plots = {
    'time-of-a-request': timePlot(comparison),
    'dollars-for-a-million': dollarsPlot(comparison),
    'dollars-a-month': monthPlot(comparison),
    'what-saturates-first': pressurePlot(comparison),
    'first-page-view': firstViewPlot(results),
  };
  for (const [name, plot] of Object.entries(plots)) writeFileSync(join(docs, `plots/${name}.svg`), await svgOf(plot));

  const pages = {
    'performance.md': {
      surroundings: surroundingsLine(results),
      'the SDK': besideTheSdkTable(results),
      starts: startsTable(results),
      quota: quotaLine(results),
      cost: costTable(results),
      targets: targetsTable(results, cleanup),
      units: unitsTable(comparison),
      times: timesTable(comparison),
      bytes: bytesTable(comparison),
      overhead: overheadLine(results),
      size: sizeTable(results),
      demand: demandTable(comparison),
      dollars: dollarsTable(comparison),
      pressures: pressuresTable(comparison),
    },
    'guides/without-the-sdk.md': { times: guideLine(results) },
  };
  for (const [page, parts] of Object.entries(pages)) {
    let text = readFileSync(join(docs, page), 'utf8');
    for (const [name, content] of Object.entries(parts)) text = replaced(text, name, content);
    writeFileSync(join(docs, page), text);
  }
  const written = [...Object.keys(pages).map((page) => join(docs, page)), 'bench/results.json'];
  spawnSync('npx', ['oxfmt', ...written], { cwd: path('../..'), stdio: 'inherit' });
  if (isQuick) console.log(`The pages of this quick run are in ${docs}.`);
});
