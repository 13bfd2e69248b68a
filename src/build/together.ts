/** Two stages of a build at once. */
import type { BuildEvent } from './progress.js';

/**
 * Runs both until both have ended; where one fails, the other is stopped through the signal it was given. Errors: the
 * signal's own reason when that has aborted, otherwise the first failure.
 */
export async function together<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const stop = new AbortController();
  const passOn = () => stop.abort(signal.reason);
  if (signal.aborted) passOn();
  signal.addEventListener('abort', passOn, { once: true });
  const failures: unknown[] = [];
  const guarded = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await work(stop.signal);
    } catch (thrown) {
      failures.push(thrown);
      stop.abort(thrown);
      throw thrown;
    }
  };
  const [a, b] = await Promise.allSettled([guarded(first), guarded(second)]);
  signal.removeEventListener('abort', passOn);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  // Stopped, a stage may say so in its own way.
  signal.throwIfAborted();
  throw failures[0];
}

/**
 * Tells the progress of two stages that run at once as if one came after the other: a line that tells now of this and
 * now of that cannot be read. What the later one tells is kept until `release`, of its counts only the newest.
 */
export class LaterEvents {
  readonly #onEvent: (event: BuildEvent) => void;
  #held: BuildEvent[] | undefined = [];

  constructor(onEvent: (event: BuildEvent) => void) {
    this.#onEvent = onEvent;
  }

  tell(event: BuildEvent): void {
    if (this.#held === undefined) {
      this.#onEvent(event);
      return;
    }
    if (event.kind === 'indexing' && this.#held.at(-1)?.kind === 'indexing') this.#held.pop();
    this.#held.push(event);
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#onEvent(event);
  }
}
