/** What the table holds of a session, as the page shows it. */
import { Html, html } from './html.js';
import type { Receipt } from './receipt.js';

/** Where a page has it. It is known when the session has been written, and that is after the page was made. */
export const STORED = new Html('<!-- stored -->');

/** The attributes of the item that hold data, and the key that opens them. */
export function inTheTable({ item = {} }: Receipt): Html {
  const names = Object.keys(item).filter((name) => /^data\.|^wrappedKey$/.test(name));
  if (names.length === 0) return html``;
  return html`<h3>What the table holds</h3>
    <dl class="stored sealed">
      ${names.toSorted().map(
        (name) =>
          html`<div>
            <dt>${excerpt(name)}</dt>
            <dd>${valueOf(item, name)}</dd>
          </div>`,
      )}
    </dl>
    <p class="dim">
      The values are encrypted, and so is their key: only the secret in your cookie opens it. Whoever has a copy of the
      table can read none of them.
    </p>`;
}

/** As the console of AWS shows it. */
function valueOf(item: NonNullable<Receipt['item']>, name: string): string {
  const { S: text, B: bytes } = item[name] ?? {};
  return excerpt(bytes === undefined ? text : Buffer.from(bytes).toString('base64'));
}

const excerpt = (text = ''): string => (text.length <= 80 ? text : `${text.slice(0, 80)}…`);
