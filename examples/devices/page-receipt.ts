/** The receipt of a request, as the page prints it. */
import { type Html, html } from './html.js';
import { type Call, type Receipt, sumOf, type Units } from './receipt.js';

const LETTERS: Readonly<Record<keyof Units, string>> = { read: 'R', written: 'W', indexed: 'X' };

/** US dollars for a unit, on demand, in us-east-1. */
const PRICES: Units = { read: 0.125e-6, written: 0.625e-6, indexed: 0.625e-6 };

export function slip(receipt: Receipt): Html {
  const { calls, happened } = receipt;
  const total = sumOf(calls);
  return html`<li class="slip">
    <article class="paper">
      <h3>${requestLine(receipt)}</h3>
      ${
        happened.length > 0 &&
        html`<ul class="stamps">
          ${happened.map(({ what, isGood }) => html`<li${isGood ? html`` : html` class="warn"`}>${what}</li>`)}
        </ul>`
      }
      <dl>
        ${calls.map(line)}
        <div class="line total">
          <dt>${countOf(calls)}</dt>
          <dd>${total && told(total)}</dd>
        </div>
      </dl>
      <p>${remark(calls, total)}</p>
    </article>
  </li>`;
}

/** The request, and what it cost, in one line. */
export function summary(receipt: Receipt): string {
  return `${requestLine(receipt)} · ${cost(receipt)}`;
}

/** Such as "2 calls, 1 R 1 W". */
export function cost({ calls }: Receipt): string {
  const total = sumOf(calls);
  return [countOf(calls), ...(total === undefined ? [] : [told(total)])].join(', ');
}

function line({ operation, units, changed }: Call): Html {
  const data = changed.flatMap((name) => /^data\.(.*)$/s.exec(name)?.[1] ?? []);
  return html`<div class="line call">
    <dt>${operation}${data.length > 0 && html` <span class="what">${data.join(', ')}</span>`}</dt>
    <dd>${units === undefined ? '–' : told(units)}</dd>
  </div>`;
}

function remark(calls: readonly Call[], total: Units | undefined): string {
  if (calls.length === 0) return 'DynamoDB was not asked.';
  if (total === undefined) return 'This engine does not tell units.';
  const price = (Object.keys(PRICES) as (keyof Units)[]).reduce((sum, kind) => sum + total[kind] * PRICES[kind], 0);
  return `A million of these: $${(price * 1e6).toFixed(2)}`;
}

/** An ID is too long for a receipt. */
const requestLine = ({ method, path }: Receipt): string => `${method} ${path.replace(/[\w-]{22}/, '…')}`;

const countOf = (calls: readonly Call[]): string => `${calls.length} ${calls.length === 1 ? 'call' : 'calls'}`;

/** Such as "1 R 1 W". */
function told(units: Units): string {
  const kinds = (Object.keys(LETTERS) as (keyof Units)[]).filter((kind) => units[kind] > 0);
  return kinds.length === 0 ? '0' : kinds.map((kind) => `${units[kind]} ${LETTERS[kind]}`).join(' ');
}
