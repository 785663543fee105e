/** The page at `/`: all of it in one answer, with a policy that lets nothing else in. */
import { createHash } from 'node:crypto';
import type { HttpApiResult } from 'dynamodb-sessions/lambda';

const style = String.raw`
:root { color-scheme: light dark; --ink: light-dark(#1c2333, #e8eaf2); --dim: light-dark(#5b6478, #a2aabf);
  --line: light-dark(#dfe3ec, #303850); --paper: light-dark(#f4f5fa, #131726); --card: light-dark(#fff, #1c2235);
  --brand: light-dark(#3a4fd0, #aab7ff); --on-brand: light-dark(#fff, #131726); --soft: light-dark(#e9ecfc, #2a3252);
  --bad: light-dark(#b3261e, #ffb4ab); }
[data-theme=light] { color-scheme: light; } [data-theme=dark] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; border-top: .3rem solid var(--brand); background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 60rem; margin: auto; padding: 2rem 1rem 0; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(21rem, 100%), 1fr)); gap: 1rem; padding-block: 1.25rem 5rem; }
section { padding: 1.25rem; border: 1px solid var(--line); border-radius: .9rem; background: var(--card); }
.wide { grid-column: 1 / -1; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 0 0 .75rem; font-size: 1.15rem; }
h3, legend { margin: 0 0 .3rem; padding: 0; font-size: 1rem; font-weight: 600; }
p { margin: .4rem 0 0; }
.dim { color: var(--dim); font-size: .9rem; }
form, .row, fieldset { display: flex; flex-wrap: wrap; gap: .6rem .75rem; align-items: end; }
.row { align-items: center; justify-content: space-between; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; column-gap: 1.25rem; }
label { display: flex; gap: .5rem; align-items: center; }
label:has([type=text]) { display: block; flex: 1 1 9rem; color: var(--dim); font-size: .9rem; }
input { margin: 0; font: inherit; accent-color: var(--brand); }
[type=text] { display: block; width: 100%; height: 2.7rem; margin-top: .2rem; padding: 0 .7rem; font-size: 1rem; color: var(--ink);
  background: var(--paper); border: 1px solid var(--dim); border-radius: .5rem; }
[type=checkbox], [type=radio] { width: 1.1rem; height: 1.1rem; }
button { height: 2.7rem; padding: 0 1rem; border: 1px solid transparent; border-radius: .5rem; font: inherit; font-weight: 600;
  white-space: nowrap; cursor: pointer; background: var(--brand); color: var(--on-brand); }
button.quiet { background: var(--soft); color: var(--ink); }
button.bad { background: none; border-color: currentcolor; color: var(--bad); }
button:hover { filter: brightness(.94); }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
ul { margin: 0 0 .75rem; padding: 0; list-style: none; }
li { display: flex; gap: .75rem; align-items: center; justify-content: space-between; padding: .6rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.badge { margin-left: .4rem; padding: .1rem .6rem; border-radius: 1rem; background: var(--soft); font-size: .8rem; white-space: nowrap; }
#status { position: fixed; inset: auto 0 1rem; width: fit-content; max-width: calc(100% - 2rem); margin: auto;
  padding: .6rem 1.1rem; border-radius: .6rem; background: var(--ink); color: var(--paper); }
#status:empty, [hidden] { display: none; }
`;

const script = String.raw`
const $ = (id) => document.getElementById(id);
const themes = document.querySelectorAll('[name=theme]');

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function call(method, path, body) {
  const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...json });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Does something, says what came of it, and shows how things are now. */
async function act(done, method, path, body) {
  const said = await call(method, path, body).then(() => done, (error) => error.message);
  await show();
  $('status').textContent = said;
  setTimeout(() => { if ($('status').textContent === said) $('status').textContent = ''; }, 4000);
  if (document.activeElement === document.body) document.querySelector('h1').focus(); // what had the focus is gone
}

let cart = [];

async function show() {
  const { userId, data = {}, createdAt, expiresAt } = await call('GET', '/session');
  const devices = userId === null ? [] : await call('GET', '/devices').catch(() => []);
  $('sign-in').hidden = devices.length > 0;
  $('user').hidden = $('devices').hidden = devices.length === 0;
  $('others').hidden = devices.length < 2;
  $('name').textContent = userId;
  $('since').textContent = createdAt === undefined ? 'Nothing is stored for you yet.'
    : 'Stored since ' + time(createdAt) + ', until ' + time(expiresAt) + ' if you do not come back.';

  const theme = [...themes].find(({ value }) => value === data.theme) ?? themes[0];
  theme.checked = true;
  document.documentElement.dataset.theme = theme.value;

  cart = Array.isArray(data.cart) ? data.cart : [];
  $('empty').hidden = cart.length > 0;
  $('cart').replaceChildren(...cart.map((item, index) => make('li', {}, String(item), button('Remove', 'quiet', item, () =>
    act('Removed ' + item + '.', 'PUT', '/data/cart', cart.toSpliced(index, 1))))));

  $('list').replaceChildren(...devices.map(({ id, current, createdAt, lastSeenAt, userAgent, address }) => {
    const name = nameOf(userAgent ?? '');
    const seen = 'Seen ' + time(lastSeenAt) + ' · since ' + time(createdAt) + ' · ' + (address ?? 'unknown address');
    return make('li', {},
      make('div', {}, make('strong', {}, name), current ? make('span', { className: 'badge' }, 'this device') : '', make('p', { className: 'dim' }, seen)),
      current ? '' : button('Revoke', 'bad', name, () => act('Revoked ' + name + '.', 'DELETE', '/devices/' + id)));
  }));
}

const button = (verb, className, object, onclick) =>
  make('button', { type: 'button', className, ariaLabel: verb + ' ' + object, onclick }, verb);

function time(text) {
  const today = new Date(text).toDateString() === new Date().toDateString();
  return new Date(text).toLocaleString([], { timeStyle: 'short', ...(today ? {} : { dateStyle: 'medium' }) });
}

function nameOf(userAgent) {
  const browser = { Edg: 'Edge', Firefox: 'Firefox', Chrome: 'Chrome', Safari: 'Safari', curl: 'curl' };
  const system = { iPhone: 'iPhone', iPad: 'iPad', Android: 'Android', Windows: 'Windows', 'Mac OS': 'macOS', Linux: 'Linux' };
  const known = (names) => names[Object.keys(names).find((sign) => userAgent.includes(sign))];
  return [known(browser) ?? 'Unknown client', known(system)].filter(Boolean).join(' on ');
}

const onSubmit = (id, submit) => $(id).addEventListener('submit', (event) => {
  event.preventDefault();
  submit(Object.fromEntries(new FormData(event.target)));
  event.target.reset();
});
onSubmit('sign-in', ({ name, exclusive }) =>
  act('You are signed in as ' + name + '.', 'POST', '/login', { name, exclusive: exclusive !== undefined }));
onSubmit('add', ({ article }) => act('Added ' + article + '.', 'PUT', '/data/cart', [...cart, article]));
for (const { value } of themes) {
  $('theme-' + value).onchange = () => act('The theme is ' + value + '.', 'PUT', '/data/theme', value);
}
$('log-out').onclick = () => act('You are logged out on this device.', 'POST', '/logout');
$('others').onclick = () => act('You are logged out on all other devices.', 'DELETE', '/devices');
$('everywhere').onclick = () => act('You are logged out everywhere.', 'POST', '/logout-everywhere');
addEventListener('focus', show); // another device may have ended this session
show();
`;

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your devices</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<header>
  <h1 tabindex="-1">Your devices</h1>
  <p class="dim">Sessions in DynamoDB, one item for each. Open a private window to be a second device.</p>
</header>
<main>
  <section aria-labelledby="who">
    <h2 id="who">Who you are</h2>
    <form id="sign-in" hidden>
      <label>Name <input type="text" name="name" required maxlength="64" autocomplete="username" placeholder="user-1"></label>
      <button>Sign in</button>
      <label><input type="checkbox" name="exclusive"> Log me out on all other devices</label>
    </form>
    <div id="user" class="row" hidden><strong id="name"></strong> <button id="log-out" type="button" class="quiet">Log out</button></div>
    <p id="since" class="dim"></p>
  </section>
  <section aria-labelledby="data">
    <h2 id="data">What the session holds</h2>
    <fieldset>
      <legend>Theme</legend>
      <label><input type="radio" name="theme" id="theme-system" value="system"> System</label>
      <label><input type="radio" name="theme" id="theme-light" value="light"> Light</label>
      <label><input type="radio" name="theme" id="theme-dark" value="dark"> Dark</label>
    </fieldset>
    <h3>Cart</h3>
    <ul id="cart"></ul>
    <form id="add">
      <label>Article <input type="text" name="article" required maxlength="60" autocomplete="off"></label>
      <button class="quiet">Add</button>
    </form>
    <p id="empty" class="dim">The cart is empty. What you add stays with you when you sign in.</p>
  </section>
  <section id="devices" class="wide" aria-labelledby="where" hidden>
    <h2 id="where">Where you are signed in</h2>
    <ul id="list"></ul>
    <div class="row"><button id="others" type="button" class="quiet">Log out all others</button>
      <button id="everywhere" type="button" class="bad">Log out everywhere</button></div>
  </section>
</main>
<div id="status" role="status"></div>
<script type="module">${script}</script>
</html>
`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const policy =
  `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; connect-src 'self'; img-src data:; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const page: HttpApiResult = {
  statusCode: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  body: html,
};
