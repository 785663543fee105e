/** The page at `/`: everything is in one answer, and its policy lets it load nothing else. */
import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { devices, session, themes, type View, you } from './page-parts.js';
import { cost, slip, summary } from './page-receipt.js';
import { script } from './page-script.js';
import { inTheTable, STORED } from './page-stored.js';
import { style } from './page-style.js';
import type { Receipt } from './receipt.js';
import type { Answer } from './router.js';

/** The page for a session; `said` is what has just been done. */
export function page(view: View, said = ''): Answer {
  return answer(
    200,
    view.theme,
    html`<header class="top">
        <div class="grow">
          <h1 tabindex="-1">Your devices</h1>
          <p class="dim">
            Each browser has a session, and each session is an item in DynamoDB. Sign in here and in a private window,
            then end one session from the other.
          </p>
        </div>
        ${themes(view)}
      </header>
      <div class="all">
        <main>${you(view)}${devices(view)}${session(view)}</main>
        <aside class="cost" id="cost" aria-labelledby="costs">
          <div>
            <h2 id="costs">What it cost</h2>
            <p class="dim">Units of DynamoDB: <b>R</b> read, <b>W</b> written, <b>X</b> written to the index.</p>
          </div>
          <ol class="slips" tabindex="0" aria-labelledby="costs">
            ${SLIP}
          </ol>
        </aside>
      </div>
      <footer>
        <div id="status" role="status">${said}</div>
        <a class="last" href="#cost">${SUMMARY}</a>
      </footer>
      ${SCRIPT}`,
  );
}

/** What the page says when it cannot do what it was asked. */
export function refusal(statusCode: number, reason: string, headers: Record<string, string> = {}): Answer {
  return answer(
    statusCode,
    'system',
    html`<header class="top"><h1>That did not work</h1></header>
      <main class="all">
        <section class="card">
          <p id="reason" role="alert">${reason}</p>
          <p><a class="button" href="/">Back to your devices</a></p>
        </section>
      </main>`,
    headers,
  );
}

/** Keeps the receipt of a request that no page has made: the next page shows it. */
export function keepForNextPage(receipt: Receipt): void {
  kept.unshift(receipt);
  kept.splice(MOST_KEPT);
}

const kept: Receipt[] = [];
const MOST_KEPT = 3;

/** Adds to a page the receipt of its own request and what the table holds then, and to any answer a header with its cost. */
export function withReceiptOf(receipt: Receipt, result: Answer): Answer {
  const { headers = {}, body = '' } = result;
  const isPage = headers['content-type'] === HTML_TYPE;
  return {
    ...result,
    headers: { ...headers, 'server-timing': `dynamodb;desc="${cost(receipt)}"` },
    body: isPage
      ? body
          .replace(SLIP.text, () => html`${[receipt, ...kept.splice(0)].map(slip)}`.text)
          .replace(SUMMARY.text, () => html`${summary(receipt)}`.text)
          .replace(STORED.text, () => inTheTable(receipt).text)
      : body,
  };
}

// The cost of a request is known when its session has been written, and that is after its page was made.
const SLIP = new Html('<!-- slip -->');
const SUMMARY = new Html('<!-- summary -->');

const HTML_TYPE = 'text/html; charset=utf-8';

const STYLE = new Html(`<style>${style}</style>`);
const SCRIPT = new Html(`<script type="module">${script}</script>`);

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY =
  `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; connect-src 'self'; img-src data:; ` +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** A square with a dot, in a colour that goes with light and with dark. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http%3A//www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%235b60d6'/%3E%3Ccircle cx='8' cy='8' r='3.2' fill='%23fff'/%3E%3C/svg%3E";

function answer(statusCode: number, theme: View['theme'], content: Html, headers: Record<string, string> = {}): Answer {
  const { text: body } = html`<!doctype html>
    <html lang="en" data-theme="${theme}">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Your devices</title>
      <link rel="icon" href="${ICON}" />
      ${STYLE} ${content}
    </html> `;
  return {
    statusCode,
    headers: {
      'content-type': HTML_TYPE,
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      ...headers,
    },
    body,
  };
}
