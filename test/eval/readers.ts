/** Readers made of reference lists: what a paper cites is taken for what one reader likes. */
import { readJudgements } from '../../src/evaluation/judged-data.js';
import type { PaperStore } from '../../src/papers/store.js';
import { seeded } from '../vectors/clustered.js';

/** Fewer leave too little in each half. */
export const FEWEST_CITED = 6;

/** What one reader likes and dislikes, and what a good answer has and has not: ids of papers. */
export interface Reader {
  positives: string[];
  negatives: string[];
  /** Known to the reader and said to be neither. */
  excluded: string[];
  wanted: string[];
  unwanted: string[];
}

/** One list cut in two at random. */
export interface Halves {
  known: string[];
  hidden: string[];
}

/** The papers of the corpus that each paper cites, of those that cite enough of them. Errors: `input_unreadable`. */
export async function readLists(store: PaperStore, qrelsFile: string): Promise<string[][]> {
  const judgements = await readJudgements(qrelsFile, new AbortController().signal);
  const lists: string[][] = [];
  for (const grades of judgements.values()) {
    const cited = new Set<string>();
    for (const [id, grade] of grades) {
      const paper = grade > 0 ? await store.resolve(id) : undefined;
      if (paper !== undefined) cited.add(paper.id);
    }
    if (cited.size >= FEWEST_CITED) lists.push([...cited]);
  }
  if (lists.length === 0) throw new Error(`The index has ${FEWEST_CITED} papers of no list in ${qrelsFile}.`);
  return lists;
}

/** Each list cut in two, the same way for the same number of the halving. */
export function halve(lists: readonly string[][], halving: number): Halves[] {
  const random = seeded(halving + 1);
  return lists.map((list) => {
    const drawn = list.map((id) => ({ id, at: random() })).sort((a, b) => a.at - b.at);
    const ids = drawn.map(({ id }) => id);
    const middle = Math.floor(ids.length / 2);
    return { known: ids.slice(0, middle), hidden: ids.slice(middle) };
  });
}

/** Each list with another that shares no paper with it: in each halving another one, where there are enough. */
export function disjointPairs(lists: readonly Halves[], halving: number): [Halves, Halves][] {
  return lists.flatMap((own, i): [Halves, Halves][] => {
    const papers = new Set([...own.known, ...own.hidden]);
    const next = (i + 1 + halving) % lists.length;
    const others = [...lists.slice(next), ...lists.slice(0, next)];
    const other = others.find(({ known, hidden }) => ![...known, ...hidden].some((id) => papers.has(id)));
    return other === undefined ? [] : [[own, other]];
  });
}

export function withOneInterest({ known, hidden }: Halves): Reader {
  return { positives: known, negatives: [], excluded: [], wanted: hidden, unwanted: [] };
}

export function withTwoInterests([own, other]: [Halves, Halves]): Reader {
  return withOneInterest({
    known: [...own.known, ...other.known],
    hidden: [...own.hidden, ...other.hidden],
  });
}

/** Of the second interest, the reader has liked one half of what is known and rejected the other. */
export function withRejected([own, other]: [Halves, Halves]): Reader {
  const middle = Math.ceil(other.known.length / 2);
  return {
    positives: [...own.known, ...other.known.slice(0, middle)],
    negatives: other.known.slice(middle),
    excluded: [],
    wanted: own.hidden,
    unwanted: other.hidden,
  };
}

/** The same reader, whose negatives are not told: they are merely left out of the answer, as what is known. */
export function withoutNegatives(reader: Reader): Reader {
  return { ...reader, negatives: [], excluded: [...reader.excluded, ...reader.negatives] };
}
