/** What became of everything that an import read: what a build tells at its end, for people and as JSON. */
import type { Replaced } from '../papers/draft-input.js';
import { PROBLEMS, type Problem } from '../papers/formats/problems.js';

export interface ImportReport {
  /** In the order in which they were read. */
  inputs: InputReport[];
  /** Folders that were named and in which there is no file. */
  emptyFolders: string[];
  /** Records met in the input, good and bad. */
  records: number;
  /** Records that something is wrong with, skipped. */
  bad: number;
  /** Records that are no paper, and rightly so; abstracts whose paper is not there among them. */
  leftOut: number;
  /** Records that are the abstracts of papers which come apart from them. */
  abstracts: number;
  /** Papers that the other records, and those abstracts, are about. */
  papersNamed: number;
  /** The bad ones and the left out by their kinds, the most frequent first. */
  skipped: SkippedKind[];
  /** Records whose id came earlier in the same input; the last one won. Of abstracts likewise. */
  repeated: number;
  /** Older versions of arXiv papers that are held in a newer one. */
  olderVersions: number;
  /** Ids of a few records that were folded into others. */
  foldedExamples: string[];
  /** Papers whose id came with quite another title: maybe two papers of one id. */
  replaced: { readonly count: number; readonly examples: readonly Replaced[] };
  /** Groups of papers with ids of their own that share a DOI or arXiv id, in the whole corpus; answers fold them. */
  shared: { count: number; examples: string[][] };
  /** Papers, of those named, that have no abstract: their title alone is embedded. */
  withoutAbstract: number;
  /** Abstracts that came apart from their papers and were joined to them. */
  abstractsJoined: number;
  /** What else is to be known, such as columns that are not used. */
  notes: string[];
  /** Time for reading, without embedding and indexing. */
  readingSeconds: number;
}

/** One file, or standard input. */
export interface InputReport {
  input: string;
  /** Null where it is blank, or not recognised. */
  format: string | null;
  records: number;
  bad: number;
  leftOut: number;
  /** Why it could not be read to its end; null when it was. */
  failure: InputFailure | null;
}

/** Of a file that was passed over. */
export interface InputFailure {
  /**
   * - `unrecognised`: it is in no format that is read, such as a note or a picture.
   * - `broken`: it ends too early, is damaged, or is no list of papers though its name promises one.
   * - `empty`: it was read to its end, and nothing in it is good.
   * - `unavailable`: the system did not let it be read, by its permissions or its disk.
   */
  kind: 'unrecognised' | 'broken' | 'empty' | 'unavailable';
  message: string;
}

export interface SkippedKind {
  problem: Problem;
  what: string;
  advice: string;
  count: number;
  examples: SkippedRecord[];
}

export interface SkippedRecord {
  input: string;
  /** 1-based; null for what is found only when all of the input is read. */
  line: number | null;
  reason: string;
}

/** What a note of a file that could not be read begins with. */
export const PASSED_OVER = 'Passed over: ';

/** How many examples there are of everything. */
export const EXAMPLES = 3;

/** How many there were, and the first few of them. */
export class Counted<T> {
  count = 0;
  readonly examples: T[] = [];

  add(one: T): void {
    this.count++;
    if (this.examples.length < EXAMPLES) this.examples.push(one);
  }
}

/** Counts what is skipped, by kinds, and keeps a few examples of each. */
export class SkippedRecords {
  readonly #kinds = new Map<Problem, { count: number; examples: SkippedRecord[] }>();

  add(problem: Problem, example: SkippedRecord): void {
    this.addMany(problem, 1, [example]);
  }

  addMany(problem: Problem, count: number, examples: readonly SkippedRecord[]): void {
    if (count === 0) return;
    const kind = this.#kinds.get(problem) ?? { count: 0, examples: [] };
    kind.count += count;
    kind.examples.push(...examples.slice(0, EXAMPLES - kind.examples.length));
    this.#kinds.set(problem, kind);
  }

  /** How many of them something is wrong with. */
  get bad(): number {
    return this.#count(true);
  }

  /** How many of them are rightly left out. */
  get leftOut(): number {
    return this.#count(false);
  }

  kinds(): SkippedKind[] {
    return [...this.#kinds]
      .map(([problem, { count, examples }]) => {
        const { what, advice } = PROBLEMS[problem];
        return { problem, what, advice, count, examples };
      })
      .sort((a, b) => b.count - a.count);
  }

  #count(isFault: boolean): number {
    let sum = 0;
    for (const [problem, { count }] of this.#kinds) if (PROBLEMS[problem].isFault === isFault) sum += count;
    return sum;
  }
}
