import type { DataSeal } from '../core/encryption.js';
import { DataKey } from './data-key.js';

/** The seal on one session's data, for one request. Nothing is unwrapped or opened before it is asked for. */
export class SessionSeal implements DataSeal {
  readonly #id: string;
  readonly #seals: boolean;
  /** A key that is stored, or a new one that is not yet. */
  #key: DataKey | undefined;
  #isStored = false;
  /** Unwraps the key that is stored. */
  #unwrap: (() => DataKey | undefined) | undefined;
  /** The last text under each name with what it is when sealed: what is read and set again is not worked on twice. */
  readonly #known = new Map<string, { readonly text: string; readonly sealed: string }>();

  constructor(id: string, seals: boolean) {
    this.#id = id;
    this.#seals = seals;
  }

  learn(wrapped: Uint8Array | undefined, secret: () => Uint8Array | undefined): void {
    if (this.hasKey) return;
    this.#key = undefined;
    this.#known.clear();
    this.#unwrap = () => {
      const opener = wrapped && secret();
      return wrapped && opener && DataKey.unwrap(this.#id, wrapped, opener);
    };
  }

  get hasKey(): boolean {
    const stored = this.#isStored ? undefined : this.#unwrap?.();
    this.#unwrap = undefined;
    if (stored !== undefined) {
      this.#key = stored;
      this.#isStored = true;
    }
    return this.#isStored;
  }

  seal(name: string, text: string): string {
    if (!this.#seals) return text;
    const known = this.#known.get(name);
    if (known?.text === text) return known.sealed;
    const sealed = this.#keyOrNew.seal(name, text);
    this.#known.set(name, { text, sealed });
    return sealed;
  }

  open(name: string, sealed: string): string {
    const known = this.#known.get(name);
    if (known?.sealed === sealed) return known.text;
    if (!this.hasKey || this.#key === undefined) throw new Error('No key is stored, or not one that opens.');
    const text = this.#key.open(name, sealed);
    this.#known.set(name, { text, sealed });
    return text;
  }

  wrap(secret: Uint8Array): Uint8Array | undefined {
    return this.hasKey || this.#seals ? this.#keyOrNew.wrap(secret) : undefined;
  }

  keep(): void {
    this.#isStored = this.#key !== undefined;
  }

  get #keyOrNew(): DataKey {
    if (!this.hasKey) this.#key ??= DataKey.mint(this.#id);
    return this.#key as DataKey;
  }
}
