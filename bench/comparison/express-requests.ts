import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import session, { type Session, type Store } from 'express-session';
import type { Cookie } from './site.js';

type Request = IncomingMessage & { session: Session & Record<string, unknown> };

const DAY_MS = 86_400_000;

/** What session cookies are signed with. */
export const SECRET = 'a secret of at least thirty-two characters';

/** Requests to express-session's middleware, as Express hands them to it: it decides what the store is asked for. */
export class ExpressRequests {
  readonly #middleware: ReturnType<typeof session>;

  constructor(store: Store) {
    const cookie = { maxAge: DAY_MS };
    this.#middleware = session({ store, secret: SECRET, resave: false, saveUninitialized: false, cookie });
  }

  /** @returns the session cookie, if the response sets one */
  request(page: (request: Request) => unknown, cookie?: Cookie): Promise<Cookie | undefined> {
    return new Promise((resolve, reject) => {
      const request = new IncomingMessage(new Socket()) as Request;
      request.url = '/';
      if (cookie !== undefined) request.headers.cookie = `connect.sid=${cookie}`;
      const response = new ServerResponse(request);
      // The middleware calls it when the store is done.
      response.end = () => {
        if (!response.headersSent) response.writeHead(200);
        resolve(/^connect\.sid=([^;]+)/.exec(String(response.getHeader('set-cookie') ?? ''))?.[1]);
        return response;
      };
      const next = async (error?: unknown): Promise<void> => {
        if (error !== undefined) throw error as Error;
        await page(request);
        response.end();
      };
      this.#middleware(request as never, response as never, (error?: unknown) => void next(error).catch(reject));
    });
  }
}
