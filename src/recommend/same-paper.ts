/** Whether two papers of the corpus are the same one under two ids. */
import type { Paper } from '../papers/paper.js';
import { cosine } from '../vectors/dot.js';
import type { Corpus } from './corpus.js';
import { isSameText } from './same-text.js';

/**
 * Below this cosine the texts of two papers are not even compared: second versions of a paper lie above it, those with
 * another title least, but so do many pairs of different papers, so the cosine alone decides nothing. Measured: see
 * docs/quality.md.
 */
const WORTH_COMPARING = 0.8;

export class SamePaper {
  readonly #corpus: Corpus;
  readonly #labels: readonly number[];
  readonly #vectors: readonly (Float32Array | undefined)[];
  readonly #seeds: readonly { label: number; vector: Float32Array | undefined }[];
  /** Papers with another paper that has the same DOI or arXiv id. */
  readonly #twins = new Map<number, readonly number[]>();
  readonly #papers = new Map<number, Paper | undefined>();

  private constructor(
    corpus: Corpus,
    labels: readonly number[],
    vectors: readonly (Float32Array | undefined)[],
    seeds: readonly { label: number; vector: Float32Array | undefined }[],
  ) {
    this.#corpus = corpus;
    this.#labels = labels;
    this.#vectors = vectors;
    this.#seeds = seeds;
    for (const label of labels) {
      const twins = corpus.store.twins(label);
      if (twins.length > 0) this.#twins.set(label, twins);
    }
  }

  /** Candidates by label with their vectors, in the same order, and the labels of the seeds. */
  static async among(
    corpus: Corpus,
    labels: readonly number[],
    vectors: readonly (Float32Array | undefined)[],
    seeds: readonly number[],
  ): Promise<SamePaper> {
    const seedVectors = await corpus.vectors.vectors(seeds);
    const withVectors = seeds.map((label, i) => ({ label, vector: seedVectors[i] }));
    return new SamePaper(corpus, labels, vectors, withVectors);
  }

  /** Whether the candidate at `at` is a copy of a seed. */
  async asASeed(at: number): Promise<boolean> {
    for (const seed of this.#seeds) {
      if (this.#mayBe(at, seed) && (await this.#areSame(this.#labels[at] ?? 0, seed.label))) return true;
    }
    return false;
  }

  /** The cheap half of the next question: false for nearly every pair, and no text is looked up. */
  mayBe(a: number, b: number): boolean {
    return this.#mayBe(a, { label: this.#labels[b] ?? 0, vector: this.#vectors[b] });
  }

  /** Whether the candidates at `a` and `b`, which may be, are copies of one paper. */
  as(a: number, b: number): Promise<boolean> {
    return this.#areSame(this.#labels[a] ?? 0, this.#labels[b] ?? 0);
  }

  #mayBe(at: number, other: { label: number; vector: Float32Array | undefined }): boolean {
    const label = this.#labels[at] ?? 0;
    if (this.#twins.get(label)?.includes(other.label)) return true;
    const vector = this.#vectors[at];
    return (
      vector !== undefined && other.vector !== undefined && cosine(vector, other.vector) >= WORTH_COMPARING
    );
  }

  async #areSame(a: number, b: number): Promise<boolean> {
    if (this.#twins.get(a)?.includes(b)) return true;
    const [first, second] = [await this.#paper(a), await this.#paper(b)];
    return first !== undefined && second !== undefined && isSameText(first, second);
  }

  async #paper(label: number): Promise<Paper | undefined> {
    if (!this.#papers.has(label)) this.#papers.set(label, (await this.#corpus.store.get([label]))[0]);
    return this.#papers.get(label);
  }
}
