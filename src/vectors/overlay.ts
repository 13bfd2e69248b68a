/**
 * Changes laid over an index that is not changed itself: a delta beside it, searched exhaustively, and a log of its rows
 * that are dead because their paper was changed or removed.
 */

import { NearpaperError } from '../errors.js';
import { checkSignal } from '../pacing.js';
import { Delta, type DeltaView } from './delta.js';
import {
  type BaseIndex,
  checkK,
  checkLabel,
  checkVector,
  type DeadRows,
  type EngineName,
  type Neighbour,
  type VectorIndex,
  type VectorSearchOptions,
} from './vector-index.js';

/** Owned by one writer; any number of readers use views. */
export class VectorOverlay {
  readonly #base: BaseIndex;
  readonly #delta: Delta;
  /** Rows of the base that are dead, in the order in which they died. */
  readonly #log: number[] = [];
  /** The place in that order of each label that the base holds and that is dead there. */
  readonly #diedAt = new Map<number, number>();

  /** `base` is not closed by this. Memory: 2 bytes a dimension for each `put`, a label put again included. */
  constructor(base: BaseIndex) {
    this.#base = base;
    this.#delta = new Delta(base.dimensions);
  }

  /**
   * The label is this vector from now on, whether there was one or not; some microseconds. Errors: `invalid_vector` as
   * for a writer's `add`, except that a label may be given again; `config_invalid` when there is no memory; `not_ready`
   * once the base is closed. What fails changes nothing.
   */
  put(label: number, vector: Float32Array): void {
    checkLabel(label);
    checkVector(vector, this.#base.dimensions);
    const row = this.#base.rowOf(label);
    this.#delta.put(label, vector);
    this.#bury(label, row);
  }

  /** The label is not held from now on. One that is not held: nothing happens. Errors: as for `put`. */
  remove(label: number): void {
    checkLabel(label);
    this.#bury(label, this.#base.rowOf(label));
    this.#delta.remove(label);
  }

  /** The index as it is now, in a microsecond: it needs no copy, since all that it shares only grows. */
  view(): VectorIndex {
    const dead = { log: this.#log, count: this.#log.length };
    return new OverlaidIndex(this.#base, dead, this.#diedAt, this.#delta.view());
  }

  #bury(label: number, row: number): void {
    if (row < 0 || this.#diedAt.has(label)) return;
    this.#diedAt.set(label, this.#log.length);
    this.#log.push(row);
  }
}

/** What a view looks into; undefined once it is closed. */
interface Layers {
  base: BaseIndex;
  /** undefined where none is dead: the base does without a filter then. */
  dead: DeadRows | undefined;
  diedAt: ReadonlyMap<number, number>;
  delta: DeltaView;
}

/** A base and the changes up to one moment: what is put or removed later never shows in it. */
class OverlaidIndex implements VectorIndex {
  readonly engine: EngineName;
  readonly size: number;
  readonly dimensions: number;
  #layers: Layers | undefined;

  constructor(base: BaseIndex, dead: DeadRows, diedAt: ReadonlyMap<number, number>, delta: DeltaView) {
    this.engine = base.engine;
    this.size = base.size - dead.count + delta.size;
    this.dimensions = base.dimensions;
    this.#layers = { base, dead: dead.count === 0 ? undefined : dead, diedAt, delta };
  }

  async search(vector: Float32Array, k: number, options: VectorSearchOptions = {}): Promise<Neighbour[]> {
    const { base, dead, delta } = this.#open();
    checkVector(vector, this.dimensions);
    checkK(k);
    const { subset, exact, effort, signal } = options;
    checkSignal(signal);
    const old = await base.search(vector, k, { subset, exact: exact === true, effort, signal, dead });
    const recent = await delta.search(vector, k, { subset, signal });
    return recent.length === 0 ? old : merged(old, recent, k);
  }

  async similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    const layers = this.#open();
    checkVector(vector, this.dimensions);
    const { base, delta } = layers;
    const [old, recent] = await Promise.all([
      base.similarities(vector, labels),
      delta.similarities(vector, labels),
    ]);
    return labels.map((label, at) => recent[at] ?? (isDead(layers, label) ? undefined : old[at]));
  }

  async vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]> {
    const layers = this.#open();
    const old = await layers.base.vectors(labels);
    return labels.map(
      (label, at) => layers.delta.vector(label) ?? (isDead(layers, label) ? undefined : old[at]),
    );
  }

  /** Closes this view alone. */
  async close(): Promise<void> {
    // A search under way keeps its own reference, so it finishes.
    this.#layers = undefined;
  }

  #open(): Layers {
    if (this.#layers === undefined)
      throw new NearpaperError('not_ready', 'This vector index has been closed.');
    return this.#layers;
  }
}

/** Whether the base's vector of this label is dead; false where it has none. */
function isDead({ dead, diedAt }: Layers, label: number): boolean {
  return dead !== undefined && (diedAt.get(label) ?? dead.count) < dead.count;
}

/** The k best of both, which are in order and share no label: best first, ties by label. */
function merged(old: readonly Neighbour[], recent: readonly Neighbour[], k: number): Neighbour[] {
  const all: Neighbour[] = [];
  const amount = Math.min(k, old.length + recent.length);
  for (let a = 0, b = 0; all.length < amount; ) {
    const [one, other] = [old[a], recent[b]];
    // The cast says that not both are at their end.
    const next = other === undefined || (one !== undefined && isBefore(one, other)) ? one : other;
    all.push(next as Neighbour);
    if (next === one) a++;
    else b++;
  }
  return all;
}

function isBefore(a: Neighbour, b: Neighbour): boolean {
  return a.similarity > b.similarity || (a.similarity === b.similarity && a.label < b.label);
}
