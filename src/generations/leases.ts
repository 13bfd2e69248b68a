/** What several views of a corpus share, closed when the last of them is done with it. */
import type { Closable } from './live.js';

export class Leases {
  readonly #users = new Map<Closable, number>();

  /** Keeps these open until what is returned is called, once. */
  take(...shared: readonly Closable[]): () => Promise<void> {
    for (const one of shared) this.#users.set(one, (this.#users.get(one) ?? 0) + 1);
    return async () => {
      const last = shared.filter((one) => this.#leave(one));
      const outcomes = await Promise.allSettled(last.map((one) => one.close()));
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failure) throw failure.reason;
    };
  }

  /** Whether nobody uses it any more. */
  #leave(one: Closable): boolean {
    const others = (this.#users.get(one) ?? 1) - 1;
    if (others > 0) this.#users.set(one, others);
    else this.#users.delete(one);
    return others === 0;
  }
}
