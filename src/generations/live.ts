/** The generation that answers now, exchanged without disturbing what still runs on the one before. */

export interface Closable {
  close(): Promise<void>;
}

interface Held<T> {
  value: T;
  users: number;
  retired: boolean;
}

/**
 * Holds one value that many use at once. `replace` lets new work start on the next value at once, and closes
 * the one before when the last work on it ends.
 */
export class Live<T extends Closable> {
  #held: Held<T>;
  readonly #onCloseFailure: (thrown: unknown) => void;

  constructor(value: T, onCloseFailure: (thrown: unknown) => void) {
    this.#held = { value, users: 0, retired: false };
    this.#onCloseFailure = onCloseFailure;
  }

  /** The value now; valid only until the next await. */
  get current(): T {
    return this.#held.value;
  }

  async use<Result>(work: (value: T) => Promise<Result>): Promise<Result> {
    const held = this.#held;
    held.users++;
    try {
      return await work(held.value);
    } finally {
      held.users--;
      if (held.retired && held.users === 0) this.#close(held);
    }
  }

  replace(next: T): void {
    const before = this.#held;
    this.#held = { value: next, users: 0, retired: false };
    before.retired = true;
    if (before.users === 0) this.#close(before);
  }

  #close(held: Held<T>): void {
    held.value.close().catch(this.#onCloseFailure);
  }
}
