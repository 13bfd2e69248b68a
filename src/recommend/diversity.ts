/** The order in which candidates are picked: by score, or so that results are near the target and not all the same. */
import type { Candidate } from './candidates.js';
import type { Corpus } from './corpus.js';

/** Candidates, one after the other. */
export interface Order {
  /** The next one, which is out of the running from now on; undefined when none is left. */
  next(): Promise<Candidate | undefined>;
  /** The candidates that are still in the running, by score but for ties. */
  left(): Candidate[];
  /** Takes a candidate out of the running. */
  drop(candidate: Candidate): void;
  /** Makes a candidate count as shown to the reader: what resembles it is worth less from now on. */
  picked(candidate: Candidate): Promise<void>;
}

/** `diversity`: 0 to 1. The candidates may come in any order. */
export async function orderOf(
  corpus: Corpus,
  candidates: readonly Candidate[],
  diversity: number,
): Promise<Order> {
  const sorted = candidates.toSorted((a, b) => b.score - a.score);
  const order = new ByScore(corpus, sorted);
  return diversity === 0 ? order : new MarginalRelevance(corpus, await order.all(), diversity);
}

/** By score, ties by id. Ids are looked up for ties alone, and only when it is their turn. */
class ByScore implements Order {
  readonly #corpus: Corpus;
  /** By score; up to `#settled` also by id. */
  readonly #sorted: Candidate[];
  readonly #gone = new Set<Candidate>();
  #at = 0;
  #settled = 0;

  constructor(corpus: Corpus, sorted: Candidate[]) {
    this.#corpus = corpus;
    this.#sorted = sorted;
  }

  async next(): Promise<Candidate | undefined> {
    while (this.#at < this.#sorted.length) {
      if (this.#at >= this.#settled) await this.#settle();
      const next = this.#sorted[this.#at++];
      if (next !== undefined && !this.#gone.has(next)) return next;
    }
    return undefined;
  }

  left(): Candidate[] {
    const rest = this.#sorted.slice(this.#at);
    return this.#gone.size === 0 ? rest : rest.filter((candidate) => !this.#gone.has(candidate));
  }

  drop(candidate: Candidate): void {
    this.#gone.add(candidate);
  }

  async picked(): Promise<void> {}

  /** All of them in their order. */
  async all(): Promise<Candidate[]> {
    while (this.#settled < this.#sorted.length) await this.#settle();
    return this.#sorted;
  }

  /** Puts the next candidates of one score in the order of their ids. */
  async #settle(): Promise<void> {
    const from = this.#settled;
    const score = this.#sorted[from]?.score;
    let end = from + 1;
    while (end < this.#sorted.length && this.#sorted[end]?.score === score) end++;
    this.#settled = end;
    if (end - from === 1) return;
    const tied = await byId(this.#corpus, this.#sorted.slice(from, end));
    for (const [i, { candidate }] of tied.entries()) this.#sorted[from + i] = candidate;
  }
}

/** The candidates with their ids, in the order of these. */
export async function byId(
  corpus: Corpus,
  candidates: readonly Candidate[],
): Promise<{ id: string; candidate: Candidate }[]> {
  const papers = await corpus.store.get(
    candidates.map(({ label }) => label),
    ['id'],
  );
  const named = candidates.map((candidate, i) => ({ id: papers[i]?.id ?? '', candidate }));
  return named.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/**
 * Picks candidates one after the other by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998):
 *   argmax (1 - diversity) * score(c) - diversity * max over picked p of cosine(c, p)
 * so the pick for n is the beginning of the pick for n + 1. With diversity 0 that is the order of scores.
 */
class MarginalRelevance implements Order {
  readonly #corpus: Corpus;
  readonly #diversity: number;
  /** With each candidate's largest cosine with one that is picked; undefined before the first. */
  readonly #left: Map<Candidate, number | undefined>;

  /** `sorted`: by score, ties by id: among equals, the one that comes first is picked. `diversity`: above 0, at most 1. */
  constructor(corpus: Corpus, sorted: readonly Candidate[], diversity: number) {
    this.#corpus = corpus;
    this.#diversity = diversity;
    this.#left = new Map(sorted.map((candidate) => [candidate, undefined]));
  }

  async next(): Promise<Candidate | undefined> {
    let best: Candidate | undefined;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const [candidate, redundancy = 0] of this.#left) {
      const value = (1 - this.#diversity) * candidate.score - this.#diversity * redundancy;
      if (best === undefined || value > bestValue) {
        best = candidate;
        bestValue = value;
      }
    }
    if (best !== undefined) this.#left.delete(best);
    return best;
  }

  left(): Candidate[] {
    return [...this.#left.keys()];
  }

  drop(candidate: Candidate): void {
    this.#left.delete(candidate);
  }

  async picked({ label }: Candidate): Promise<void> {
    const [vector] = await this.#corpus.vectors.vectors([label]);
    if (vector === undefined) return;
    const left = this.left();
    const cosines = await this.#corpus.vectors.similarities(
      vector,
      left.map((candidate) => candidate.label),
    );
    for (const [i, candidate] of left.entries()) {
      const cosine = cosines[i];
      const before = this.#left.get(candidate) ?? Number.NEGATIVE_INFINITY;
      if (cosine !== undefined) this.#left.set(candidate, Math.max(before, cosine));
    }
  }
}
