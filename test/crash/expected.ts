/**
 * What may be in a corpus after a crash: for each paper what was acknowledged last, or, where a write was still under
 * way, what it would have made of the paper. Nothing else, and never a part of either.
 */
import assert from 'node:assert/strict';

/** The fields of a paper that the campaign writes, as canonical JSON; null: there is no such paper. */
export type State = string | null;

interface Held {
  /** Acknowledged, or seen after a restart: from then on it must stay. */
  certain: State;
  /** Sent, and neither acknowledged nor refused before the crash. */
  possible: State[];
  /** Everything that was ever sent of it. */
  past: Set<State>;
}

/** A write that was sent. One paper has one of them at a time. */
export interface Sent {
  id: string;
  state: State;
}

export class ExpectedPapers {
  readonly #held = new Map<string, Held>();
  readonly #busy = new Set<string>();
  acknowledged = 0;

  isBusy(id: string): boolean {
    return this.#busy.has(id);
  }

  /** What is known to be there; of a paper that is not busy and after `settle`, all that can be. */
  certain(id: string): State {
    return this.#held.get(id)?.certain ?? null;
  }

  /** Every id that was ever written, and what may be there. */
  *allowed(): Iterable<[id: string, states: readonly State[]]> {
    for (const [id, { certain, possible }] of this.#held) yield [id, [certain, ...possible]];
  }

  send(id: string, state: State): Sent {
    assert.ok(!this.#busy.has(id), `${id} is being written already`);
    this.#busy.add(id);
    const held = this.#heldOf(id);
    held.possible.push(state);
    held.past.add(state);
    return { id, state };
  }

  /** From now on the paper must be this. */
  acknowledge({ id, state }: Sent): void {
    this.#busy.delete(id);
    Object.assign(this.#heldOf(id), { certain: state, possible: [] });
    this.acknowledged++;
  }

  /** The service said that it did nothing. */
  refuse({ id, state }: Sent): void {
    this.#busy.delete(id);
    const held = this.#heldOf(id);
    held.possible = held.possible.filter((other) => other !== state);
  }

  /** No answer came: it may be there or not. */
  lose({ id }: Sent): void {
    this.#busy.delete(id);
  }

  /**
   * A paper as it was found after a restart: it came from the disk, so it must stay. Returns what is wrong with it: an
   * acknowledged write is `lost`, or what is there was never written like this, so it is `half` something.
   */
  settle(id: string, found: State): 'lost' | 'half' | null {
    const held = this.#heldOf(id);
    if (found !== held.certain && !held.possible.includes(found))
      return held.past.has(found) ? 'lost' : 'half';
    Object.assign(held, { certain: found, possible: [] });
    return null;
  }

  #heldOf(id: string): Held {
    const held = this.#held.get(id) ?? { certain: null, possible: [], past: new Set([null]) };
    this.#held.set(id, held);
    return held;
  }
}
