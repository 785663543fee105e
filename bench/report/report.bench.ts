import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { it } from 'vitest';
import { readResults } from '../results.js';
import { bytesTable, timesTable, unitsTable } from './comparison-tables.js';
import { replaced } from './markdown.js';
import { svgOf } from './plot.js';
import { dollarsPlot, monthPlot, pressurePlot, timePlot } from './plots.js';
import { demandTable, dollarsTable, pressuresTable } from './scale-tables.js';
import { loadTable, overheadLine, sizeTable } from './library.js';
import { surroundingsLine } from './surroundings.js';
import { type CleanupResults, targetsTable } from './targets.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

it('writes the results into docs/performance.md, and draws them', async () => {
  const results = readResults();
  const { comparison } = results;
  const cleanup = JSON.parse(readFileSync(path('../cleanup/results.json'), 'utf8')) as CleanupResults;

  mkdirSync(path('../../docs/plots'), { recursive: true });
  const plots = {
    'time-of-a-request': timePlot,
    'dollars-for-a-million': dollarsPlot,
    'dollars-a-month': monthPlot,
    'what-saturates-first': pressurePlot,
  };
  for (const [name, plot] of Object.entries(plots))
    writeFileSync(path(`../../docs/plots/${name}.svg`), await svgOf(plot(comparison)));

  const page = path('../../docs/performance.md');
  const tables = {
    surroundings: surroundingsLine(results),
    targets: targetsTable(results, cleanup),
    units: unitsTable(comparison),
    times: timesTable(comparison),
    bytes: bytesTable(comparison),
    overhead: overheadLine(results),
    loading: loadTable(results),
    size: sizeTable(results),
    demand: demandTable(comparison),
    dollars: dollarsTable(comparison),
    pressures: pressuresTable(comparison),
  };
  let text = readFileSync(page, 'utf8');
  for (const [name, content] of Object.entries(tables)) text = replaced(text, name, content);
  writeFileSync(page, text);
  spawnSync('npx', ['oxfmt', 'docs/performance.md', 'bench/results.json'], { cwd: path('../..'), stdio: 'inherit' });
});
