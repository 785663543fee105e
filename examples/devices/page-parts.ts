/** The parts of the page. The script replaces a part as a whole when it fetches it again. All work without a script. */
import { type Html, html } from './html.js';
import { STORED } from './page-stored.js';
import { type Client, clientOf } from './user-agent.js';

export const THEMES = ['system', 'light', 'dark'] as const;

/** One of "your devices". */
export interface Device {
  readonly id: string;
  readonly current: boolean;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
}

/** What the page shows of a session. */
export interface View {
  readonly userId: string | undefined;
  readonly createdAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** Whether the session is bound to this device. */
  readonly bound: boolean;
  /** Whether an OpenID provider can sign the user in, or has; `undefined` if there is none. */
  readonly provider: 'offered' | 'used' | undefined;
  readonly theme: (typeof THEMES)[number];
  readonly cart: readonly string[];
  /** All that the session holds. */
  readonly data: readonly (readonly [key: string, value: unknown])[];
  /** The user's devices; `later` if they are loaded separately, `as they are` if those on the page are still right. */
  readonly devices: readonly Device[] | 'later' | 'as they are';
}

export function themes({ theme }: View): Html {
  return html`<form data-part="themes" method="post" action="/theme" class="row">
    <fieldset class="themes">
      <legend class="hidden">Theme</legend>
      ${THEMES.map(
        (name) =>
          html`<label
            ><input
              type="radio"
              name="theme"
              id="theme-${name}"
              value="${name}"
              ${name === theme && html` checked`}
            />${capital(name)}</label
          >`,
      )}
    </fieldset>
    <noscript><button class="quiet small">Use it</button></noscript>
  </form>`;
}

export function you(view: View): Html {
  return html`<section class="card" data-part="you" aria-labelledby="who">
    <h2 id="who" class="${view.userId === undefined ? '' : 'hidden'}">Who you are</h2>
    ${view.userId === undefined ? signIn(view) : signedIn(view.userId, view)}
  </section>`;
}

function signIn({ provider }: View): Html {
  return html`<form method="post" action="/login" class="stack">
      <div class="row ends">
        <label class="field grow">
          Name
          <input type="text" name="name" id="name" required maxlength="64" autocomplete="username" placeholder="ada" />
        </label>
        <button>Sign in</button>
      </div>
      <label><input type="checkbox" name="exclusive" id="exclusive" /> Log me out on all other devices</label>
      <p class="dim">Any name will do: this is a demo, and nobody asks for a password.</p>
    </form>
    ${
      provider &&
      html`<div class="row ruled">
        <p class="dim grow">Or let an OpenID provider say who you are.</p>
        <a class="button quiet small" href="/provider/login">Sign in at the provider</a>
      </div>`
    }`;
}

function signedIn(userId: string, { createdAt, expiresAt, bound, provider }: View): Html {
  return html`<div class="row">
      <span class="round initial" aria-hidden="true">${/^./su.exec(userId)?.[0]}</span>
      <div class="grow">
        <p><strong class="name">${userId}</strong></p>
        <p class="dim">Session begun ${time(createdAt)}. It ends ${time(expiresAt)} unless you come back.</p>
      </div>
      ${does('/logout', 'Log out', 'quiet')}
    </div>
    <div class="row ruled">
      <p class="dim grow">Your cookie carries a secret. The table has only its hash.</p>
      ${does('/regenerate', 'New secret', 'quiet small')}
    </div>
    <div class="row ruled">
      <p class="dim grow">
        ${
          bound
            ? 'This session is bound to this device. A copy of its cookie is worth nothing elsewhere.'
            : 'This session is not bound to this device. A copy of its cookie is as good as the cookie.'
        }
      </p>
      ${does('/thief', 'Play the thief', 'quiet small')}
    </div>
    ${
      provider === 'used' &&
      html`<div class="row ruled">
        <p class="dim grow">The provider has said who you are. If you log out there, it ends this session.</p>
        <a class="button quiet small" href="/provider/logout">Log out at the provider</a>
      </div>`
    }`;
}

export function devices({ userId, devices: all }: View): Html {
  if (all === 'as they are') return html``;
  if (userId === undefined) return html`<section data-part="devices" hidden></section>`;
  return html`<section class="card" data-part="devices" aria-labelledby="where">
    <h2 id="where">Where you are signed in</h2>
    ${
      all === 'later'
        ? html`<p class="dim"><a id="show-devices" href="/your-devices">Show your devices</a></p>`
        : list(all)
    }
  </section>`;
}

function list(all: readonly Device[]): Html {
  return html`<ul class="rows">
      ${all.map(row)}
    </ul>
    <div class="row">
      ${all.length > 1 && does('/logout-others', 'Log out all others', 'quiet')}
      ${does('/logout-everywhere', 'Log out everywhere', 'bad')}
    </div>`;
}

function row({ id, current, createdAt, lastSeenAt, userAgent, address = 'an unknown address' }: Device): Html {
  const { name, kind } = clientOf(userAgent);
  const begun = exactly(createdAt); // two sessions of one browser have the same name
  return html`<li>
    <span class="round">${ICONS[kind]}</span>
    <div class="grow">
      <h3>${name} ${current && html`<span class="badge">This device</span>`}</h3>
      <p class="dim">Begun <time datetime="${createdAt.toISOString()}">${begun}</time></p>
      <p class="dim">Last seen ${time(lastSeenAt)} from ${address}</p>
    </div>
    ${
      !current &&
      html`<form method="post" action="/devices/${id}/revoke">
        <button class="bad small" id="revoke-${id}" aria-label="Revoke ${name}, begun ${begun}">Revoke</button>
      </form>`
    }
  </li>`;
}

export function session(view: View): Html {
  return html`<section class="card" data-part="session" aria-labelledby="held">
    <h2 id="held">What the session holds</h2>
    <div class="halves">${cart(view)} ${stored(view)}</div>
  </section>`;
}

function cart({ cart: articles }: View): Html {
  return html`<div class="stack">
    <h3>Cart</h3>
    ${
      articles.length === 0
        ? html`<p class="dim">Empty. What you add stays when you sign in.</p>`
        : html`<ul class="rows">
            ${articles.map(
              (article, index) =>
                html`<li>
                  <span class="grow">${article}</span>
                  <form method="post" action="/cart/${index}/remove">
                    <button class="quiet small" id="remove-${index}" aria-label="Remove ${article}">Remove</button>
                  </form>
                </li>`,
            )}
          </ul>`
    }
    <form method="post" action="/cart" class="chips" aria-label="Add one of these">
      ${['A lamp', 'Some tea', 'A novel'].map(
        (article, index) =>
          html`<button class="quiet small" name="article" id="add-${index}" value="${article}">+ ${article}</button>`,
      )}
    </form>
    <form method="post" action="/cart" class="row ends">
      <label class="field grow">
        Article
        <input type="text" name="article" id="article" required maxlength="60" autocomplete="off" />
      </label>
      <button class="quiet">Add</button>
    </form>
  </div>`;
}

function stored({ data }: View): Html {
  return html`<div class="stack">
    <h3>What your session reads</h3>
    ${
      data.length === 0
        ? html`<p class="dim">Nothing. A visitor without a session costs nothing.</p>`
        : html`<dl class="stored">
              ${data.toSorted(byKey).map(
                ([key, value]) =>
                  html`<div>
                    <dt>${excerpt(key)}</dt>
                    <dd>${excerpt(JSON.stringify(value))}</dd>
                  </div>`,
              )}
            </dl>
            ${STORED}`
    }
  </div>`;
}

/** As the table has them. */
const byKey = ([a]: View['data'][number], [b]: View['data'][number]): number => (a < b ? -1 : 1);

/** A button that does something, with a script and without. */
function does(action: string, label: string, kind: string): Html {
  return html`<form method="post" action="${action}">
    <button class="${kind}" id="do${action.replace('/', '-')}">${label}</button>
  </form>`;
}

/** How far away a time is, in words, with the exact time as a tooltip. */
function time(at: Date | undefined): Html {
  if (at === undefined) return html`never`;
  return html`<time datetime="${at.toISOString()}" title="${at.toUTCString()}"
    >${distance(at.getTime() - Date.now())}</time
  >`;
}

/** Such as "28 Nov, 16:05:09 UTC". */
const exactly = (at: Date): string => `${MOMENT.format(at)} UTC`;

const MOMENT = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

function distance(ms: number): string {
  const [unit, length] = UNITS.find(([, least]) => Math.abs(ms) >= least * 0.99) ?? [];
  if (unit === undefined) return ms > 0 ? 'in a moment' : 'just now';
  return new Intl.RelativeTimeFormat('en').format(Math.round(ms / length), unit);
}

const excerpt = (text = ''): string => (text.length <= 200 ? text : `${text.slice(0, 200)}…`);

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const icon = (drawing: Html): Html => html`<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`;

const ICONS: Readonly<Record<Client['kind'], Html>> = {
  computer: icon(html`<rect x="4" y="5" width="16" height="11" rx="1.5" /><path d="M2 19h20" />`),
  phone: icon(html`<rect x="7" y="2.5" width="10" height="19" rx="2" /><path d="M11 18.5h2" />`),
  program: icon(html`<rect x="3" y="4.5" width="18" height="15" rx="2" /><path d="m7 10 2.5 2L7 14M12.5 15H16" />`),
};
