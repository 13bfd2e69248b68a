/** The vectors that were put since an index was built: rows in order of arrival, searched exhaustively. */
import type { LabelSet } from '../label-set.js';
import { compareAll, type Scan, SHORT_SCAN_PRODUCTS, scan } from './exact.js';
import { Rows } from './rows.js';
import { ScanLine, waitingScans } from './scan-line.js';
import type { DeadRows, Neighbour } from './vector-index.js';

const FIRST_ROWS = 1024;

/** Rows copied into larger ones at each put: begun when three quarters are taken, it ends before the last is. */
const COPIED_A_PUT = 4;

/** What is in rows that stay as they are when a delta grows: views keep theirs. */
interface Held {
  rows: Rows;
  /** Where long scans of these rows wait for each other. */
  line: ScanLine;
}

/** Room for `count` rows. Errors: `config_invalid` when there is no memory. */
function held(count: number, dimensions: number): Held {
  return { rows: new Rows(count, dimensions), line: new ScanLine(waitingScans(count * dimensions)) };
}

/**
 * Rows are written once and never changed, so that a view needs no copy: it is how many there were, and how many of them
 * were dead. A row whose label was put again or removed stays where it is, dead.
 */
export class Delta {
  #held: Held;
  /** Twice as many rows, being filled from the others; undefined until they are wanted soon. */
  #next: Held | undefined;
  #copied = 0;
  #size = 0;
  readonly #dead: number[] = [];
  readonly #history: History = { newest: new Map(), older: [], diedAt: [] };

  constructor(dimensions: number) {
    this.#held = held(FIRST_ROWS, dimensions);
  }

  /** `label` is this vector from now on. Both are valid. Errors: `config_invalid` when there is no memory. */
  put(label: number, vector: Float32Array): void {
    this.#grow();
    const { newest, older, diedAt } = this.#history;
    this.#held.rows.put(this.#size, label, vector);
    this.remove(label);
    older.push(newest.get(label) ?? -1);
    diedAt.push(Number.POSITIVE_INFINITY);
    newest.set(label, this.#size++);
  }

  /** `label` is not here from now on. */
  remove(label: number): void {
    const { newest, diedAt } = this.#history;
    const row = newest.get(label);
    if (row === undefined || diedAt[row] !== Number.POSITIVE_INFINITY) return;
    diedAt[row] = this.#dead.length;
    this.#dead.push(row);
  }

  view(): DeltaView {
    const dead = { log: this.#dead, count: this.#dead.length };
    return new DeltaView(this.#held, this.#history, this.#size, dead);
  }

  /** Makes room for one row more. The copying is spread over the puts: ten thousand rows at once would take milliseconds. */
  #grow(): void {
    const { rows } = this.#held;
    if (this.#size < 0.75 * rows.size) return;
    this.#next ??= held(2 * rows.size, rows.dimensions);
    const to = Math.min(this.#size, this.#copied + COPIED_A_PUT);
    this.#next.rows.copy(rows, this.#copied, to);
    this.#copied = to;
    if (this.#size < rows.size) return;
    this.#held = this.#next;
    this.#next = undefined;
    this.#copied = 0;
  }
}

/** What became of labels, for all views of one delta. */
interface History {
  /** The last row of each label that ever had one. */
  newest: Map<number, number>;
  /** By row, the one that its label had before, or -1. */
  older: number[];
  /** By row, its place in the log of dead rows; infinity while it is alive. */
  diedAt: number[];
}

/** A delta at one moment: what is put or removed later never shows in it. */
export class DeltaView {
  /** Number of vectors. */
  readonly size: number;
  readonly #held: Held;
  readonly #history: History;
  /** Rows from here on are later ones. */
  readonly #end: number;
  readonly #dead: DeadRows;

  constructor(held: Held, history: History, end: number, dead: DeadRows) {
    this.size = end - dead.count;
    this.#held = held;
    this.#history = history;
    this.#end = end;
    this.#dead = dead;
  }

  /** The k best, best first, ties by label. Errors: `cancelled`; `overloaded` when too many long scans wait. */
  async search(
    vector: Float32Array,
    k: number,
    { subset, signal }: { subset: LabelSet | undefined; signal: AbortSignal | undefined },
  ): Promise<Neighbour[]> {
    const { rows, line } = this.#held;
    const compared = Math.min(this.size, subset?.size ?? this.size);
    if (compared === 0) return [];
    const admit = () => {
      rows.admitLiving(this.#dead, this.#end, subset);
    };
    const search = () => this.#best(Math.min(k, compared), compared, { vector, admit, signal });
    return compared * rows.dimensions <= SHORT_SCAN_PRODUCTS ? search() : line.run(search, signal);
  }

  /**
   * A scan keeps the lower rows of equal ones, and these are not those of the lower labels: as long as there may be more
   * that equal the last of the k, as many again are asked for.
   */
  async #best(k: number, compared: number, wanted: Omit<Scan, 'k'>): Promise<Neighbour[]> {
    for (let kept = k + 1; ; kept *= 2) {
      const most = Math.min(kept, compared);
      const found = await scan(this.#held.rows, { ...wanted, k: most });
      const [last, worst] = [found[k - 1], found.at(-1)];
      if (found.length < most || most === compared || last?.similarity !== worst?.similarity) {
        return found.sort((a, b) => b.similarity - a.similarity || a.label - b.label).slice(0, k);
      }
    }
  }

  /** The similarities of labels with `vector`, in their order; undefined where a label is not held. */
  similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    return compareAll(this.#held.rows, vector, labels, (label) => this.#rowOf(label));
  }

  /** A copy of the vector of `label`, of length 1; undefined where it is not held. */
  vector(label: number): Float32Array | undefined {
    const row = this.#rowOf(label);
    return row < 0 ? undefined : this.#held.rows.vector(row);
  }

  /** The row of `label`, or -1. */
  #rowOf(label: number): number {
    const { newest, older, diedAt } = this.#history;
    let row = newest.get(label) ?? -1;
    while (row >= this.#end) row = older[row] as number; // every row has one, or -1
    // The last that there was of this label: those before it were dead when it came.
    return row >= 0 && (diedAt[row] as number) >= this.#dead.count ? row : -1;
  }
}
