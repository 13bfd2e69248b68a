/**
 * The file `vectors.f32`: every vector of a generation, for exact search.
 *
 *     bytes 0-3    magic "NPVF"      bytes 8-11   n, the number of vectors
 *     bytes 4-7    version, 1        bytes 12-15  d, the number of dimensions
 *     then n labels, strictly ascending, and n rows of d floats; all numbers are 32 bits, little endian
 *
 * The file is used as it lies in memory, without decoding. On a big-endian machine the magic does not match and
 * the file is refused.
 */
import { NearpaperError } from '../errors.js';
import { damaged, PIECE_BYTES, publishPieces, readVerified, withIndexFile } from '../index-file.js';
import { ExactIndex } from './exact.js';
import {
  checkLabel,
  checkSetting,
  checkVector,
  type IndexFile,
  MAX_DIMENSIONS,
  MAX_LABEL,
  type VectorIndexWriter,
} from './vector-index.js';

/** The name of the file within a generation's folder. */
export const EXACT_FILE = 'vectors.f32';

const MAGIC = 0x4656504e;
const VERSION = 1;
const HEADER_WORDS = 4;

function sizeOf(count: number, dimensions: number): number {
  return 4 * (HEADER_WORDS + count * (1 + dimensions));
}

export interface ExactWriterOptions {
  /** Length of every vector, 1 to 65,536. */
  dimensions: number;
  /** The most vectors that will be added, 0 to 2^32 - 1. Memory for them is taken at once. */
  capacity: number;
}

/** Writes `vectors.f32`. The bytes depend on what is added alone, not on the order. */
export class ExactIndexWriter implements VectorIndexWriter {
  readonly #folder: string;
  readonly #dimensions: number;
  readonly #rows: Float32Array;
  /** Label to row, in the order of adding. */
  readonly #rowOf = new Map<number, number>();
  #committed = false;

  /** Errors: `config_invalid` for a number out of range, or for more memory than one array can have. */
  constructor(folder: string, { dimensions, capacity }: ExactWriterOptions) {
    checkSetting('dimensions', dimensions, 1, MAX_DIMENSIONS);
    checkSetting('capacity', capacity, 0, MAX_LABEL);
    this.#folder = folder;
    this.#dimensions = dimensions;
    try {
      this.#rows = new Float32Array(capacity * dimensions);
    } catch (cause) {
      throw new NearpaperError('config_invalid', `There is no memory for ${capacity} vectors.`, { cause });
    }
  }

  add(label: number, vector: Float32Array): void {
    if (this.#committed)
      throw new NearpaperError('index_unwritable', 'This writer has been committed already.');
    checkLabel(label);
    checkVector(vector, this.#dimensions);
    if (this.#rowOf.has(label)) throw new NearpaperError('invalid_vector', `Label ${label} was added twice.`);
    const row = this.#rowOf.size;
    if ((row + 1) * this.#dimensions > this.#rows.length) {
      throw new NearpaperError('invalid_vector', `This writer was made for ${row} vectors.`);
    }
    this.#rows.set(vector, row * this.#dimensions);
    this.#rowOf.set(label, row);
  }

  async commit(): Promise<IndexFile> {
    if (this.#committed)
      throw new NearpaperError('index_unwritable', 'This writer has been committed already.');
    this.#committed = true;
    const facts = await publishPieces(this.#folder, EXACT_FILE, () => this.#pieces());
    return { ...facts, count: this.#rowOf.size, dimensions: this.#dimensions };
  }

  /** The file's content; a piece is valid until the next is asked for. */
  *#pieces(): Generator<Uint8Array> {
    const labels = Uint32Array.from(this.#rowOf.keys()).sort();
    yield new Uint8Array(Uint32Array.of(MAGIC, VERSION, labels.length, this.#dimensions).buffer);
    yield new Uint8Array(labels.buffer);
    const d = this.#dimensions;
    const rowsAPiece = Math.max(1, Math.floor(PIECE_BYTES / (4 * d)));
    const piece = new Float32Array(rowsAPiece * d);
    for (let from = 0; from < labels.length; from += rowsAPiece) {
      const part = labels.subarray(from, from + rowsAPiece);
      part.forEach((label, at) => {
        const row = this.#rowOf.get(label) ?? 0;
        piece.set(this.#rows.subarray(row * d, (row + 1) * d), at * d);
      });
      yield new Uint8Array(piece.buffer, 0, part.length * d * 4);
    }
  }
}

/**
 * Opens `vectors.f32` after checking size, checksum, header and labels against `facts`. The file is read once
 * into one buffer of its size, in pieces, so the event loop is held for a millisecond at most.
 * Errors: `index_damaged`, also when the file is missing.
 */
export async function openExactIndex(folder: string, facts: IndexFile): Promise<ExactIndex> {
  const { file, count, dimensions } = facts;
  return withIndexFile(folder, facts, async (handle) => {
    if (facts.bytes !== sizeOf(count, dimensions)) {
      throw damaged(file, `${count} vectors of ${dimensions} dimensions do not take ${facts.bytes} bytes`);
    }
    const content = new ArrayBuffer(facts.bytes);
    await readVerified(handle, facts, new Uint8Array(content));
    const [magic, version, n, d] = new Uint32Array(content, 0, HEADER_WORDS);
    if (magic !== MAGIC || version !== VERSION)
      throw damaged(file, 'it is not an exact index of this version');
    if (n !== count || d !== dimensions)
      throw damaged(file, `it says that it holds ${n} vectors of ${d} dimensions`);
    const labels = new Uint32Array(content, 4 * HEADER_WORDS, count);
    const rows = new Float32Array(content, 4 * (HEADER_WORDS + count), count * dimensions);
    try {
      return new ExactIndex(labels, rows, dimensions);
    } catch (cause) {
      throw damaged(file, 'its labels are not ascending', cause);
    }
  });
}
