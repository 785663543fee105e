import {
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type SessionEvent,
  type SessionRecord,
  Sessions,
} from '../../../src/index.js';
import type { LambdaContext } from '../../../src/lambda/index.js';
import type { App } from '../../world/world.js';
import type { Response } from './services.js';

/** Functions of a persistence layer that a test replaces. */
export type Replaced = Partial<Pick<PersistenceLayer, 'loadSession' | 'saveSession' | 'deleteSession' | 'loadMarks'>>;

/** Sessions in memory, with a list of all calls to the store. */
export class LambdaWorld {
  readonly calls: string[] = [];
  /** Every record as it was last saved, by ID. */
  readonly saved = new Map<string, SessionRecord>();
  readonly events: SessionEvent[] = [];
  readonly persistence: PersistenceLayer;
  readonly sessions: Sessions<App>;

  constructor(replaced: Replaced = {}, options: ConstructorParameters<typeof Sessions>[0] = {}) {
    const memory = new MemoryPersistenceLayer();
    this.persistence = this.#counted(memory, replaced);
    this.sessions = new Sessions<App>({
      persistence: this.persistence,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  /** How many calls of one kind there were. */
  count(operation: string): number {
    return this.calls.filter((call) => call === operation).length;
  }

  /** A token of a live session that holds this. */
  async token(data: Partial<App> = { theme: 'dark' }): Promise<string> {
    const session = await this.sessions.start();
    for (const [key, value] of Object.entries(data)) session.set(key as keyof App, value as App[keyof App]);
    const action = await session.commit();
    if (action.kind !== 'set') throw new Error('no cookie was set');
    this.calls.length = 0;
    return action.token;
  }

  #counted(inner: PersistenceLayer, replaced: Replaced): PersistenceLayer {
    return new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]) => {
          this.calls.push(String(name));
          if (name === 'saveSession') this.saved.set(parameters[0] as string, parameters[1] as SessionRecord);
          return Reflect.apply(member, target, parameters) as unknown;
        };
      },
    });
  }
}

/** Well-formed, and nobody's. */
export const FORGED = `${'A'.repeat(22)}.${'B'.repeat(32)}`;

/** The token in a response's session cookie. */
export function tokenOf(response: Response): string {
  const cookies = response.setCookies.filter((cookie) => cookie.startsWith('__Host-id='));
  if (cookies.length !== 1) throw new Error(`${cookies.length} session cookies were sent`);
  return /^__Host-id=([^;]*)/.exec(cookies[0] as string)?.[1] as string;
}

/** Lambda's context, with a countdown that runs from now. */
export function contextOf(remainingMs = 10_000): LambdaContext {
  const end = performance.now() + remainingMs;
  return { getRemainingTimeInMillis: () => Math.max(0, end - performance.now()) };
}

/** The same value, in which nothing can be changed. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
