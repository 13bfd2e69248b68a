/** Collects papers and writes `keywords.bin`. */
import { NearpaperError } from '../errors.js';
import { PIECE_BYTES, publishPieces } from '../index-file.js';
import { KEYWORD_FILE, type KeywordFile, partsOf } from './keyword-file.js';
import type { KeywordPaper } from './postings.js';
import { PostingsBuilder } from './postings-builder.js';

/** A writer is used once, also when `commit` fails. The bytes depend on the papers alone. */
export class KeywordIndexWriter {
  readonly #folder: string;
  #builder: PostingsBuilder | undefined = new PostingsBuilder();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * `label`: above that of the paper before. Takes some 50 microseconds for an abstract. Errors: `bad_record` for
   * another label; `index_unwritable` once `commit` has been called.
   */
  add(label: number, paper: KeywordPaper): void {
    this.#open().add(label, paper);
  }

  /**
   * Writes to a temporary name, fsyncs, checks what is on disk, renames and fsyncs the folder. Resolves to what the
   * manifest must say of it. Errors: `index_unwritable`; the temporary file is gone then, and a file that was there
   * before is untouched.
   */
  async commit(): Promise<KeywordFile> {
    const builder = this.#open();
    this.#builder = undefined;
    const postings = builder.build();
    const facts = await publishPieces(this.#folder, KEYWORD_FILE, () => pieces(partsOf(postings)));
    return {
      ...facts,
      papers: postings.labels.length,
      terms: postings.termStarts.length - 1,
      meanTerms: builder.meanTerms > 0 ? builder.meanTerms : null,
    };
  }

  #open(): PostingsBuilder {
    if (this.#builder === undefined) {
      throw new NearpaperError('index_unwritable', 'This writer has been committed already.');
    }
    return this.#builder;
  }
}

/** The bytes of these arrays, in pieces that hold the event loop for a millisecond at most when they are hashed. */
function* pieces(parts: readonly ArrayBufferView[]): Generator<Uint8Array> {
  for (const { buffer, byteOffset, byteLength } of parts) {
    for (let from = 0; from < byteLength; from += PIECE_BYTES) {
      yield new Uint8Array(buffer, byteOffset + from, Math.min(PIECE_BYTES, byteLength - from));
    }
  }
}
