/** How long a queue may get: long in a burst, short under a load that does not end. */

/** After so long, in ms, an overloaded queue is tried at its full length, to see whether the load has gone; no multiple of
 * the second after which the refused come again, so that no two trials meet them all; */
const TRIED_AFTER_MS = 1700;
/** and already after so long in which nobody was refused: less than the second after which the refused come again. */
const QUIET_MS = 500;
/** Callers who ask again as soon as they are refused are all back within this time of a trial. */
const RUSH_MS = 5;
/** Not grown by then, the queue is one that is borne. */
const TRIAL_MS = 500;
/** So long a queue is no sign of anything. */
const SHORT = 16;

type State =
  | { kind: 'borne' }
  /** `since`: of the overflow, `refused`: of the last refusal, in ms of the clock. */
  | { kind: 'overloaded'; since: number; refused: number }
  /** `most` waited during the rush. */
  | { kind: 'trial'; since: number; most: number };

export interface QueueLimitOptions {
  /** Most that wait while the load is borne, 0 or more. */
  burst: number;
  /** Most that wait once it has not been; no more than `burst` count. */
  standing: number;
  /** Has to refuse all but the first `places` of those who wait, since a trial has failed. */
  shed: (places: number) => void;
  /** A clock in ms. */
  now?: () => number;
}

/**
 * Decides who may wait. A queue that drains is good: it takes up a burst and loses nothing. One that stays full only
 * makes everybody wait its whole length, and serves not one more; that is the distinction that CoDel makes (Nichols
 * and Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012). Delay cannot be its sign here, since callers who
 * each wait for an answer before they ask again keep a queue for ever and need all of it. The sign is that the queue
 * overflows: no number of such callers up to `burst` can make it.
 *
 * From then on only `standing` may wait. That hides what the load has become: a few callers who ask again at once look
 * like a flood. So from time to time the queue is tried at its full length. Such callers make it as long as they are
 * many, in an instant, and no longer; under a flood it goes on growing, and is shed before it costs anybody much.
 */
export class QueueLimit {
  readonly #burst: number;
  readonly #standing: number;
  readonly #shed: (places: number) => void;
  readonly #now: () => number;
  #state: State = { kind: 'borne' };

  constructor({ burst, standing, shed, now = () => performance.now() }: QueueLimitOptions) {
    this.#burst = burst;
    this.#standing = Math.min(standing, burst);
    this.#shed = shed;
    this.#now = now;
  }

  /** Whether one more may wait behind the `waiting` that do. May be asked twice for the same one. */
  admits(waiting: number): boolean {
    if (this.#state.kind !== 'borne') this.#look(waiting);
    const { kind } = this.#state;
    if (waiting < (kind === 'overloaded' ? this.#standing : this.#burst)) return true;
    if (this.#state.kind === 'overloaded') this.#state.refused = this.#now();
    else this.#overflow();
    return false;
  }

  #look(waiting: number): void {
    const state = this.#state;
    const now = this.#now();
    if (state.kind === 'overloaded') {
      if (now - state.since < TRIED_AFTER_MS && now - state.refused < QUIET_MS) return;
      this.#state = { kind: 'trial', since: now, most: waiting };
    } else if (state.kind === 'trial') {
      if (now - state.since < RUSH_MS) state.most = Math.max(state.most, waiting);
      else if (now - state.since >= TRIAL_MS) this.#state = { kind: 'borne' };
      else if (waiting > Math.max(SHORT, 2 * state.most)) this.#overflow();
    }
  }

  #overflow(): void {
    const failedTrial = this.#state.kind === 'trial';
    const now = this.#now();
    this.#state = { kind: 'overloaded', since: now, refused: now };
    // A burst that was let in is served; what came in for the trial would be late.
    if (failedTrial) this.#shed(this.#standing);
  }
}
