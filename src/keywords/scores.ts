/** Scores of one block of rows after the other, by the kernel: WebAssembly with SIMD over postings as they lie in the file. */
import { NearpaperError } from '../errors.js';
import { MOST_PAGES, newMemory, openKernel, PAGE_BYTES, type WasmMemory } from '../web-assembly.js';
import type { Postings } from './postings.js';

/**
 * Rows scored at once: their scores, 128 kB, stay in the second cache, and a block of 64 terms of the worst kind takes
 * half a millisecond. Nothing is kept from one block to the next but places in lists, so any number of searches can
 * share one array of scores.
 */
export const BLOCK_ROWS = 1 << 15;

/** As many terms as a query has at most. 128 x 65,535 x 255 is just within 31 bits. */
export const MOST_TERMS_SCORED = 128;

/** The largest weight of a term: 16 bits without a sign. */
export const MOST_WEIGHT = 0xffff;

/** Words of 32 bits that tell the kernel of one term. */
const TERM_WORDS = 4;

/** Where things lie in the memory: terms of the query, scores of a block, and then the file as it is. */
const SCORES_AT = MOST_TERMS_SCORED * TERM_WORDS * 4;
const CONTENT_AT = SCORES_AT + BLOCK_ROWS * 4;

const KERNEL = new URL('./kernel.wasm', import.meta.url);

interface Kernel {
  score(terms: number, count: number, scores: number, first: number, end: number): void;
  above(scores: number, from: number, to: number, floor: number): number;
}

/** A memory for a file of so many bytes, and where the file goes. Errors: `config_invalid` when there is none. */
export function memoryFor(bytes: number): { memory: WasmMemory; content: Uint8Array } {
  const pages = Math.ceil((CONTENT_AT + bytes) / PAGE_BYTES);
  try {
    if (pages > MOST_PAGES) throw new RangeError('an index takes at most 4 GiB');
    const memory = newMemory(pages, pages);
    return { memory, content: new Uint8Array(memory.buffer, CONTENT_AT, bytes) };
  } catch (cause) {
    const message = `There is no memory for a keyword index of ${Math.ceil(bytes / 2 ** 20)} MiB.`;
    throw new NearpaperError('config_invalid', message, { cause });
  }
}

/** A term of a query, as the kernel takes it. */
export interface ScoredTerm {
  number: number;
  /** 1 to `MOST_WEIGHT`, a whole number. */
  weight: number;
}

/** The scores of a query's terms: sums of weight times impact, whole numbers. */
export class BlockScores {
  readonly #kernel: Kernel;
  readonly #terms: Uint32Array;
  readonly #scores: Int32Array;

  /** `memory`: as `memoryFor` gives it. Errors: `native_module` on a processor that cannot run the kernel. */
  constructor(memory: WasmMemory) {
    // The build makes both from the same folder.
    this.#kernel = openKernel(KERNEL, memory) as Kernel;
    this.#terms = new Uint32Array(memory.buffer, 0, MOST_TERMS_SCORED * TERM_WORDS);
    this.#scores = new Int32Array(memory.buffer, SCORES_AT, BLOCK_ROWS);
  }

  /** Where a query begins: what `score` is called with for every block, in order. At most `MOST_TERMS_SCORED` terms. */
  begin({ lists, listStarts, columnWords }: Postings, terms: readonly ScoredTerm[]): Uint32Array {
    const state = new Uint32Array(terms.length * TERM_WORDS);
    terms.forEach(({ number, weight }, i) => {
      const from = listStarts[number] as number; // terms have numbers below t
      const to = listStarts[number + 1] as number;
      state[i * TERM_WORDS] = lists.byteOffset + 4 * from;
      state[i * TERM_WORDS + 1] = lists.byteOffset + 4 * to;
      state[i * TERM_WORDS + 2] = weight;
      state[i * TERM_WORDS + 3] = to - from === columnWords ? 1 : 0;
    });
    return state;
  }

  /**
   * The scores of the rows `first` to `end` - 1, `BLOCK_ROWS` at most: that of row r at r - `first`. They stand until
   * another search scores a block, which it can in the next turn of the event loop.
   */
  score(state: Uint32Array, first: number, end: number): Int32Array {
    this.#terms.set(state);
    this.#kernel.score(0, state.length / TERM_WORDS, SCORES_AT, first, end);
    state.set(this.#terms.subarray(0, state.length));
    return this.#scores;
  }

  /** The first place from `from` on whose score is above `floor`, at least 0; `to` when none before it is. */
  above(from: number, to: number, floor: number): number {
    return this.#kernel.above(SCORES_AT, from, to, floor);
  }
}
