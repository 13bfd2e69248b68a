/** The generation that answers now, exchanged without disturbing what still runs on the one before. */
import { NearpaperError } from '../errors.js';

export interface Closable {
  close(): Promise<void>;
}

interface Held<T> {
  value: T;
  users: number;
  /** Closes the value; set once it is replaced. */
  leave: (() => void) | undefined;
}

/**
 * Holds one value that many use at once. `replace` lets new work start on the next value at once, and closes
 * the one before when the last work on it ends. A close that fails is handed to `onCloseFailure`.
 */
export class Live<T extends Closable> {
  #held: Held<T>;
  readonly #onCloseFailure: (thrown: unknown) => void;
  /** One for each value that was replaced and is not closed yet; they do not reject. */
  readonly #leaving = new Set<Promise<void>>();
  #closed = false;

  constructor(value: T, onCloseFailure: (thrown: unknown) => void) {
    this.#held = { value, users: 0, leave: undefined };
    this.#onCloseFailure = onCloseFailure;
  }

  /** The value now; valid only until the next await. */
  get current(): T {
    return this.#held.value;
  }

  /** Errors: `not_ready` after `close`. */
  async use<Result>(work: (value: T) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new NearpaperError('not_ready', 'The service is stopping.');
    const held = this.#held;
    held.users++;
    try {
      return await work(held.value);
    } finally {
      held.users--;
      if (held.users === 0) held.leave?.();
    }
  }

  /** After `close`, the next value is only closed. */
  replace(next: T): void {
    const before = this.#held;
    this.#held = { value: next, users: 0, leave: undefined };
    this.#retire(this.#closed ? this.#held : before);
  }

  /** Takes no further work; resolves when the work has ended and every value is closed. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#retire(this.#held);
    }
    await Promise.all(this.#leaving);
  }

  #retire(held: Held<T>): void {
    const leaving = new Promise<void>((resolve) => {
      held.leave = () => {
        void held.value.close().catch(this.#onCloseFailure).finally(resolve);
      };
    });
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
    if (held.users === 0) held.leave?.();
  }
}
