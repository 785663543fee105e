import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** A grey that is read on white and on black. */
const INK = '#7d8590';

const config = {
  background: 'transparent',
  font: 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif',
  view: { stroke: 'transparent' },
  title: { color: INK, fontSize: 15, anchor: 'start', subtitleColor: INK, subtitleFontSize: 12, subtitlePadding: 4 },
  axis: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    gridColor: INK,
    gridOpacity: 0.25,
    domainColor: INK,
    tickColor: INK,
    labelLimit: 0,
  },
  header: { labelColor: INK, labelFontSize: 12, title: null },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    labelLimit: 0,
    symbolSize: 120,
    symbolStrokeWidth: 3,
  },
  text: { color: INK, fontSize: 12 },
};

/** Draws a specification of vega-lite. */
export async function svgOf(specification: object): Promise<string> {
  const view = new View(parse(compile({ ...specification, config }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
