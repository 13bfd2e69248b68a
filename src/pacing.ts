/** Keeps long loops off the event loop: no block of work should hold it for more than 2 ms. */
import { NearpaperError } from './errors.js';

/** Milliseconds after which a loop gives way; the rest of the 2 ms is for the block that overshoots. */
const BLOCK_MS = 1.5;

/** When the first loop began in this turn of the event loop; undefined before. Loops of one turn share its time. */
let turnBegan: number | undefined;

let lastTurn: Promise<void> = Promise.resolve();
let waitingLoops = 0;

/** Loops that have given way and wait for their next turn. */
export function loopsUnderWay(): number {
  return waitingLoops;
}

function beginInTurn(): number {
  if (turnBegan !== undefined) return turnBegan;
  turnBegan = performance.now();
  setImmediate(() => {
    turnBegan = undefined;
  });
  return turnBegan;
}

/**
 * Resolves in a turn of the event loop that no other caller shares. With plain setImmediate ten loops that run
 * at once would all continue in the same turn and hold it for ten blocks.
 */
function nextTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return lastTurn;
}

/** One loop's stopwatch: `if (pace.due()) await pace.turn();` at every few ten microseconds of work. */
export class Pace {
  #began = beginInTurn();
  readonly #signal: AbortSignal | undefined;

  /** `signal`: ends the loop, at its next turn. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** True when loops have held the event loop long enough. */
  due(): boolean {
    return performance.now() - this.#began > BLOCK_MS;
  }

  /** Errors: `cancelled` when the signal has aborted, which it can only while others have the event loop. */
  async turn(): Promise<void> {
    waitingLoops++;
    await nextTurn();
    waitingLoops--;
    checkSignal(this.#signal);
    this.#began = beginInTurn();
  }
}

/** What a search is rejected with when its signal aborts; the signal's own reason is the cause. */
export function cancelled(signal: AbortSignal | undefined): NearpaperError {
  return new NearpaperError('cancelled', 'The search was stopped.', { cause: signal?.reason });
}

/** Throws `cancelled` when the signal has aborted. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}
