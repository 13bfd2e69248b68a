/** Why a paper is among the results: from its words and vectors, no model is run. */
import type { KeywordIndex } from '../keywords/keyword-index.js';
import { type Term, termsOf } from '../keywords/terms.js';
import type { Paper } from '../papers/paper.js';
import { cosine } from '../vectors/dot.js';
import { type Reasons, rounded, type SeedName } from './answer.js';
import { PLAIN_STEMS } from './plain-words.js';

/** What a result is compared with: a positive, or the text of a search. */
export interface Source {
  /** null for the text of a search. */
  name: SeedName | null;
  vector: Float32Array;
  text: string;
}

/** The most terms that one result shows. */
const MOST_TERMS = 6;

/** Different terms of a text that was typed rather than pasted. */
const MOST_TYPED = 32;

/** A word that a larger share of the corpus has says little about two papers. */
const COMMON_SHARE = 0.1;
/** In a small corpus, where all papers are about a few things, and for a text that someone typed. */
const GENEROUS_SHARE = 0.4;
const FEW_PAPERS = 1000;

export class Explainer {
  readonly #keywords: KeywordIndex;
  readonly #sources: readonly Source[];
  /** Stem -> times, of the sources met so far. */
  readonly #stemsOf = new Map<Source, Map<string, number>>();

  /** `sources`: at least one. */
  constructor(keywords: KeywordIndex, sources: readonly Source[]) {
    this.#keywords = keywords;
    this.#sources = sources;
  }

  /** `vector`: the paper's own. */
  explain(paper: Pick<Paper, 'title' | 'abstract'>, vector: Float32Array): Reasons {
    const nearest = this.#nearest(vector);
    if (nearest === undefined) return { terms: [], sentence: null };
    const { source, similarity } = nearest;
    const text = textOf(paper);
    const terms = termsOf(text);
    const shared = this.#shared(terms, source);
    return {
      ...(source.name === null ? {} : { nearestSeed: { ...source.name, similarity: rounded(similarity) } }),
      terms: surfaces(text, terms, [...shared.keys()]),
      sentence: telling(paper.abstract, terms, text.length - paper.abstract.length, shared),
    };
  }

  #nearest(vector: Float32Array): { source: Source; similarity: number } | undefined {
    let best: { source: Source; similarity: number } | undefined;
    for (const source of this.#sources) {
      const similarity = cosine(source.vector, vector);
      const isNearer =
        best === undefined ||
        similarity > best.similarity ||
        // In whatever order the seeds come, the answer is the same.
        (similarity === best.similarity && keyOf(source) < keyOf(best.source));
      if (isNearer) best = { source, similarity };
    }
    return best;
  }

  #stems(source: Source): Map<string, number> {
    let stems = this.#stemsOf.get(source);
    if (stems === undefined) {
      stems = countsOf(termsOf(source.text));
      this.#stemsOf.set(source, stems);
    }
    return stems;
  }

  /** What each shared informative stem weighs, heaviest first: its idf, more for one that both use often. */
  #shared(terms: readonly Term[], source: Source): Map<string, number> {
    const wanted = this.#stems(source);
    const { size } = this.#keywords;
    // What someone typed to search for is meant, however plain; but for words such as `from`.
    const isTyped = source.name === null && wanted.size <= MOST_TYPED;
    const share = isTyped || size < FEW_PAPERS ? GENEROUS_SHARE : COMMON_SHARE;
    const common = Math.max(2, size * share);
    const weights: [string, number][] = [];
    for (const [stem, count] of countsOf(terms)) {
      const times = Math.min(count, wanted.get(stem) ?? 0);
      // Single letters and bare numbers are shared by chance.
      if (times === 0 || stem.length < 2 || !/\p{L}/u.test(stem) || (!isTyped && PLAIN_STEMS.has(stem)))
        continue;
      if (this.#keywords.documentFrequency(stem) > common) continue;
      weights.push([stem, this.#keywords.idf(stem) * (1 + Math.log(times))]);
    }
    return new Map(weights.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
  }
}

function keyOf({ name }: Source): string {
  return JSON.stringify(name);
}

/** The text of a paper that words are taken from. */
function textOf({ title, abstract }: Pick<Paper, 'title' | 'abstract'>): string {
  return abstract === '' ? title : `${title}. ${abstract}`;
}

function countsOf(terms: readonly Term[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { stem } of terms) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return counts;
}

/**
 * How the text spells the first of these stems: people read words, not stems. Of a compound and its parts the compound
 * stands for all (`k-means`, not `means` too), and of pairs of characters that overlap one.
 */
function surfaces(text: string, terms: readonly Term[], stems: readonly string[]): string[] {
  const wanted = new Set(stems);
  const shared = terms.filter(({ stem }) => wanted.has(stem));
  const spelled = spellings(shared);
  const shown: Term[] = [];
  for (const stem of stems) {
    const term = spelled.get(stem);
    if (term === undefined || shown.some((other) => overlap(term, other) || other.stem === term.stem))
      continue;
    shown.push(term);
    if (shown.length === MOST_TERMS) break;
  }
  return shown.map(({ start, end }) => text.slice(start, end));
}

/** How each stem is shown: as the first term that has it as a part, else as it is itself first written. */
function spellings(terms: readonly Term[]): Map<string, Term> {
  const spelled = new Map<string, Term>();
  const inPart = new Set<string>();
  let outer: Term | undefined;
  // Whole before parts.
  for (const term of terms.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (outer !== undefined && term.end <= outer.end) {
      if (!inPart.has(term.stem)) spelled.set(term.stem, outer);
      inPart.add(term.stem);
    } else {
      outer = term;
      if (!spelled.has(term.stem)) spelled.set(term.stem, term);
    }
  }
  return spelled;
}

function overlap(a: Term, b: Term): boolean {
  return a.start < b.end && b.start < a.end;
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/**
 * The sentence with the largest sum of weights of the distinct shared stems in it; the first among equals. `terms`: of
 * the whole text, by place, in which the abstract begins at `offset`.
 */
function telling(
  abstract: string,
  terms: readonly Term[],
  offset: number,
  weights: ReadonlyMap<string, number>,
): string | null {
  if (weights.size === 0) return null;
  const weighty = terms.filter(({ stem, start }) => start >= offset && weights.has(stem));
  let best: string | null = null;
  let most = 0;
  for (const { segment, index } of sentences.segment(abstract)) {
    const from = offset + index;
    const to = from + segment.length;
    const stems = new Set<string>();
    for (const { stem, start } of weighty) if (start >= from && start < to) stems.add(stem);
    let sum = 0;
    for (const stem of stems) sum += weights.get(stem) ?? 0;
    if (sum > most) {
      most = sum;
      best = segment.trim();
    }
  }
  return best;
}
