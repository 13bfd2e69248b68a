/** Whether two papers of the corpus are the same one under two ids. */
import type { Paper } from '../papers/paper.js';
import type { Corpus } from './corpus.js';
import { isSameText, LEAST_RESEMBLANCE } from './same-text.js';

/**
 * Below this cosine the texts of two papers are not even compared: second versions of a paper lie above it, those with
 * another title least, but so do many pairs of different papers, so the cosine alone decides nothing. Measured: see
 * docs/quality.md.
 */
const WORTH_COMPARING = 0.8;

/** Finds copies among the papers of one request; what it has read or found out it does not ask for again. */
export class SamePaper {
  readonly #corpus: Corpus;
  /** Labels. */
  readonly #seeds: readonly number[];
  readonly #ofSeeds = new Map<number, boolean>();
  readonly #papers = new Map<number, Text | undefined>();

  /** `seeds`: the labels of the papers that stand for what was asked. */
  constructor(corpus: Corpus, seeds: readonly number[]) {
    this.#corpus = corpus;
    this.#seeds = seeds;
  }

  /** Whether the paper is a copy of a seed. */
  async asASeed(label: number): Promise<boolean> {
    const known = this.#ofSeeds.get(label);
    if (known !== undefined) return known;
    const found = (await this.among(label, this.#seeds)).length > 0;
    this.#ofSeeds.set(label, found);
    return found;
  }

  /**
   * The papers among `others` that are copies of this one, in their order. They have an id in common or much of their
   * text; for nearly every pair its sketches say that it has not, so no vector is compared and no text is read.
   */
  async among(label: number, others: readonly number[]): Promise<number[]> {
    const twins = this.#corpus.store.twins(label);
    const alike = this.#corpus.store.resembling(label, others, LEAST_RESEMBLANCE);
    if (twins.length === 0 && alike.length === 0) return [];
    const same = new Set<number>();
    for (const other of others) if (twins.includes(other)) same.add(other);
    const [vector] = alike.length === 0 ? [] : await this.#corpus.vectors.vectors([label]);
    const cosines = vector === undefined ? [] : await this.#corpus.vectors.similarities(vector, alike);
    for (const [i, other] of alike.entries()) {
      const isNear = (cosines[i] ?? -1) >= WORTH_COMPARING;
      if (isNear && !same.has(other) && (await this.#haveSameText(label, other))) same.add(other);
    }
    return same.size === 0 ? [] : others.filter((other) => same.has(other));
  }

  async #haveSameText(a: number, b: number): Promise<boolean> {
    const [first, second] = [await this.#paper(a), await this.#paper(b)];
    return first !== undefined && second !== undefined && isSameText(first, second);
  }

  async #paper(label: number): Promise<Text | undefined> {
    if (!this.#papers.has(label)) {
      const [paper] = await this.#corpus.store.get([label], ['title', 'abstract']);
      this.#papers.set(label, paper);
    }
    return this.#papers.get(label);
  }
}

type Text = Pick<Paper, 'title' | 'abstract'>;
