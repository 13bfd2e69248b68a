/**
 * Following what is published: a timer reads CURRENT, and what it names is taken up as on SIGHUP. A look costs one small
 * read, which network file systems and volumes of containers answer rightly where they pass on no events.
 */

export interface FollowOptions {
  /** Between two looks, in ms. */
  everyMs: number;
  /** The generation that CURRENT names, null where it is missing. Rejects where it cannot be read. */
  published: () => Promise<string | null>;
  /** The generation that answers now. */
  served: () => string;
  /** Takes up what is published. Rejects once it has logged why it could not. */
  reload: () => Promise<unknown>;
}

interface Failed {
  name: string | null | undefined;
  times: number;
  looksToSkip: number;
}

/** A generation that could not be taken up is tried again at the latest after this. */
const MOST_RETRY_MS = 300_000;

/** Looks until it is closed; one look ends before the time to the next begins. */
export class Follower {
  readonly #options: FollowOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** What could not be taken up; its name is undefined where CURRENT cannot be read. */
  #failed: Failed | null = null;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    const { published, served, reload } = this.#options;
    const name = await published().catch(() => undefined);
    if (this.#closed) return;
    if (name === served()) {
      this.#failed = null;
      return;
    }
    const before = this.#failed !== null && this.#failed.name === name ? this.#failed : null;
    if (before !== null && before.looksToSkip-- > 0) return;
    try {
      await reload();
      this.#failed = null;
    } catch {
      this.#failed = { name, ...this.#failedAgain(before?.times ?? 0) };
    }
  }

  /** No look begins any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Of the looks to come 1, 3, 7, ... are left out: a folder that is broken for a day must not fill the log. */
  #failedAgain(timesBefore: number): { times: number; looksToSkip: number } {
    const times = timesBefore + 1;
    const most = Math.ceil(MOST_RETRY_MS / this.#options.everyMs) - 1;
    return { times, looksToSkip: Math.min(2 ** times - 1, most) };
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      void this.look().then(() => {
        if (!this.#closed) this.#lookLater();
      });
    }, this.#options.everyMs).unref();
  }
}
