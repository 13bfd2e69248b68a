/** When `nearpaper sync` does something again: told from outside, or after a time. */
import type { Clock } from '../sources/clock.js';

/**
 * `change`: a file changed, as far as events tell. `asked`: by SIGHUP. `tick`: the time of --every. `look`: to see what
 * events did not tell. `retry`: after a failure. `stopped`: by SIGINT or SIGTERM.
 */
export type Wake = 'change' | 'asked' | 'tick' | 'look' | 'retry' | 'stopped';

/** `at`: as the clock's `now`. */
export interface Deadline {
  wake: 'tick' | 'look' | 'retry';
  at: number;
}

/** What is rung while nobody waits is kept, however often it is rung: for one wake. */
export class Wakes {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #rung: 'change' | 'asked' | null = null;
  #pausing: AbortController | null = null;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#pausing?.abort(), { once: true });
  }

  ring(wake: 'change' | 'asked'): void {
    if (this.#rung !== 'asked') this.#rung = wake;
    this.#pausing?.abort();
  }

  /** Resolves to what comes first. */
  async next(deadlines: readonly Deadline[]): Promise<Wake> {
    const [first] = deadlines.toSorted((a, b) => a.at - b.at);
    if (first === undefined) throw new Error('nothing to wait for');
    if (this.#rung === null && !this.#signal.aborted) {
      this.#pausing = new AbortController();
      const ms = Math.max(0, first.at - this.#clock.now());
      // It rejects when something is rung, or stops it: which, is told below.
      await this.#clock.wait(ms, this.#pausing.signal).catch(() => undefined);
      this.#pausing = null;
    }
    if (this.#signal.aborted) return 'stopped';
    const rung = this.#rung;
    this.#rung = null;
    return rung ?? first.wake;
  }
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MOST_MS = 7 * UNITS.d;

/** Such as 30s, 15m, 1h, 1d in ms; null for anything else, and outside of 1 s to 7 days. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return null;
  const ms = Number(amount) * UNITS[unit as keyof typeof UNITS];
  return ms >= UNITS.s && ms <= MOST_MS ? ms : null;
}
