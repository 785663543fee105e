import type { Session, SessionEvent, SessionsOptions } from '../../src/index.js';
import { deviceBinding, type DeviceBindingOptions } from '../../src/dbsc/index.js';
import type { Sessions } from '../../src/index.js';
import { withSession } from '../../src/web/index.js';
import { type Algorithm, type Answered, type Asked, DeviceBrowser, type Send } from '../world/device-browser.js';
import type { PersistenceLayer } from '../../src/index.js';
import { type App, World } from '../world/world.js';

/** What a page does with its session; what it returns is the body. */
export type Page = (session: Session<App>) => unknown;

export const ORIGIN = 'https://app.example.com';

/** The pages of every application here. */
export const PAGES: Readonly<Record<string, Page>> = {
  '/': (session) => session.userId ?? 'nobody',
  '/login': (session) => session.logIn('ann'),
  '/logout': (session) => session.logOut(),
  '/bound': (session) => session.bound,
  '/save': (session) => session.set('theme', 'dark'),
};

/** An application whose sessions are bound to devices, on one store, with a clock that the test moves. */
export class Application extends World {
  readonly instance: Sessions<App>;
  readonly pages: Record<string, Page> = { ...PAGES };

  constructor(persistence: PersistenceLayer, options: DeviceBindingOptions = {}, more: SessionsOptions = {}) {
    super(persistence);
    this.instance = this.sessions({ deviceBinding: deviceBinding({ lifetime: 600, ...options }), ...more });
  }

  get clock(): { now(): number } {
    return { now: () => this.now * 1000 };
  }

  browser(options: { readonly alg?: Algorithm; readonly binds?: boolean } = {}): DeviceBrowser {
    return new DeviceBrowser(this.send, { ...options, clock: this.clock });
  }

  /** A browser of a user who has just logged in, and whose session is bound, and has shown that it is. */
  async boundBrowser(alg: Algorithm = 'ES256'): Promise<DeviceBrowser> {
    const browser = this.browser({ alg });
    await browser.visit('/login');
    await browser.visit('/');
    this.events.length = 0;
    return browser;
  }

  /** The events of the binding since the last call, and why. */
  takeBindingEvents(): string[] {
    const told = this.events.filter(({ type }) => ['bound', 'bound-again', 'binding-refused', 'reused'].includes(type));
    this.events.length = 0;
    return told.map(textOf);
  }

  readonly send: Send = (asked) => sendTo(this.instance, this.pages)(asked);
}

/** Asks these sessions, and these pages. */
export const sendTo =
  (sessions: Sessions<App>, pages: Readonly<Record<string, Page>>): Send =>
  async ({ method, path, headers, cookies }: Asked): Promise<Answered> => {
    const handler = withSession(sessions, async (_request, session) => {
      const page = pages[path];
      return page === undefined
        ? new Response('no such page', { status: 404 })
        : Response.json((await page(session)) ?? null);
    });
    const response = await handler(
      new Request(ORIGIN + path, {
        method,
        headers: { host: 'app.example.com', ...headers, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) },
      }),
    );
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      setCookies: response.headers.getSetCookie(),
      body: await response.text(),
    };
  };

function textOf(event: SessionEvent): string {
  const { reason, outcome } = event as { readonly reason?: string; readonly outcome?: string };
  return [event.type, reason, outcome].filter(Boolean).join(' ');
}
