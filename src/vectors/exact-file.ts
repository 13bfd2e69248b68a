/**
 * The file `vectors.i16`: every vector of a generation, quantised as rows.ts says.
 *
 *     bytes 0-3    magic "NPVI"      bytes 8-11   n, the number of vectors      then 0 up to byte 64
 *     bytes 4-7    version, 1        bytes 12-15  d, the number of dimensions
 *     n labels, strictly ascending, 32 bits
 *     n times scale and residual, two 32-bit floats
 *     the high plane, then the low plane: n rows of d signed bytes, each padded to a multiple of 32
 *
 * Each part begins at a multiple of 64; all numbers are little endian. The file is used as it lies in memory, without
 * decoding. On a big-endian machine the magic does not match and the file is refused.
 */
import { NearpaperError } from '../errors.js';
import { damaged, PIECE_BYTES, publishPieces, readVerified, withIndexFile } from '../index-file.js';
import { ExactIndex } from './exact.js';
import { paddingAfter } from './kernel.js';
import { IMAGE_HEADER_BYTES, imageLayout, Rows } from './rows.js';
import {
  checkLabel,
  checkSetting,
  checkVector,
  type IndexFile,
  MAX_DIMENSIONS,
  MAX_LABEL,
  type VectorIndexWriter,
} from './vector-index.js';

/** The name of the file within a generation's folder. Another format gets another name (see generations/manifest.ts). */
export const EXACT_FILE = 'vectors.i16';

const MAGIC = 0x4956504e;
const VERSION = 1;

export interface ExactWriterOptions {
  /** Length of every vector, 1 to 65,536. */
  dimensions: number;
  /** The most vectors that will be added, 0 to 2^32 - 1. Memory for them is taken at once. */
  capacity: number;
}

/** Writes `vectors.i16`. The bytes depend on what is added alone, not on the order. */
export class ExactIndexWriter implements VectorIndexWriter {
  readonly #folder: string;
  readonly #dimensions: number;
  /** In the order of adding. */
  readonly #rows: Rows;
  /** Label to row. */
  readonly #rowOf = new Map<number, number>();
  #committed = false;

  /** Errors: `config_invalid` for a number out of range, or for more memory than there is. */
  constructor(folder: string, { dimensions, capacity }: ExactWriterOptions) {
    checkSetting('dimensions', dimensions, 1, MAX_DIMENSIONS);
    checkSetting('capacity', capacity, 0, MAX_LABEL);
    this.#folder = folder;
    this.#dimensions = dimensions;
    this.#rows = new Rows(capacity, dimensions);
  }

  add(label: number, vector: Float32Array): void {
    if (this.#committed)
      throw new NearpaperError('index_unwritable', 'This writer has been committed already.');
    checkLabel(label);
    checkVector(vector, this.#dimensions);
    if (this.#rowOf.has(label)) throw new NearpaperError('invalid_vector', `Label ${label} was added twice.`);
    const row = this.#rowOf.size;
    if (row >= this.#rows.size) {
      throw new NearpaperError('invalid_vector', `This writer was made for ${row} vectors.`);
    }
    this.#rows.put(row, label, vector);
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
    const header = new Uint32Array(IMAGE_HEADER_BYTES / 4);
    header.set([MAGIC, VERSION, labels.length, this.#dimensions]);
    yield new Uint8Array(header.buffer);
    yield new Uint8Array(labels.buffer);
    yield paddingAfter(labels.byteLength);
    const { stride, scales, high, low } = this.#rows.layout;
    yield* this.#part(labels, scales, 8);
    yield* this.#part(labels, high, stride);
    yield* this.#part(labels, low, stride);
  }

  /** One part of the image, `bytes` per row beginning at `begin`, its rows in the order of `labels`. */
  *#part(labels: Uint32Array, begin: number, bytes: number): Generator<Uint8Array> {
    const { image } = this.#rows;
    const rowsAPiece = Math.max(1, Math.floor(PIECE_BYTES / bytes));
    const piece = new Uint8Array(rowsAPiece * bytes);
    for (let from = 0; from < labels.length; from += rowsAPiece) {
      const some = labels.subarray(from, from + rowsAPiece);
      some.forEach((label, at) => {
        const row = begin + (this.#rowOf.get(label) ?? 0) * bytes;
        piece.set(image.subarray(row, row + bytes), at * bytes);
      });
      yield piece.subarray(0, some.length * bytes);
    }
    yield paddingAfter(labels.length * bytes);
  }
}

/**
 * Opens `vectors.i16` after checking size, checksum, header and labels against `facts`. The file is read once, in
 * pieces, to where it is used, so the event loop is held for a millisecond at most.
 * Errors: `index_damaged`, also when the file is missing; `config_invalid` when there is no memory for it.
 */
export async function openExactIndex(folder: string, facts: IndexFile): Promise<ExactIndex> {
  const { file, count, dimensions } = facts;
  return withIndexFile(folder, facts, async (handle) => {
    if (facts.bytes !== imageLayout(count, dimensions).bytes) {
      throw damaged(file, `${count} vectors of ${dimensions} dimensions do not take ${facts.bytes} bytes`);
    }
    const rows = new Rows(count, dimensions);
    await readVerified(handle, facts, rows.image);
    const { image, labels } = rows;
    const [magic, version, n, d] = new Uint32Array(image.buffer, image.byteOffset, IMAGE_HEADER_BYTES / 4);
    if (magic !== MAGIC || version !== VERSION)
      throw damaged(file, 'it is not an exact index of this version');
    if (n !== count || d !== dimensions)
      throw damaged(file, `it says that it holds ${n} vectors of ${d} dimensions`);
    if (!strictlyAscending(labels)) throw damaged(file, 'its labels are not ascending');
    return new ExactIndex(rows, facts.sha256);
  });
}

function strictlyAscending(labels: Uint32Array): boolean {
  let previous = -1;
  for (const label of labels) {
    if (label <= previous) return false;
    previous = label;
  }
  return true;
}
