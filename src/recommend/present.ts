/** From a pool of candidates to the answer: the steps that every kind of query ends with. */
import { Pace } from '../pacing.js';
import type { Paper } from '../papers/paper.js';
import { type Answer, aboutIndex, type QueryOptions, type Result, viewOf, type Warning } from './answer.js';
import { isNoGoodMatch, percentileOf } from './calibration.js';
import type { Candidate } from './candidates.js';
import type { Corpus } from './corpus.js';
import { MarginalRelevance } from './diversity.js';
import type { Matches } from './match.js';
import { Explainer, type Source } from './reasons.js';
import { SamePaper } from './same-paper.js';

/** What a query found, before anything is left out for the reader's sake. */
export interface Found extends Matches {
  /** In any order. */
  candidates: Candidate[];
  /** Papers that stand for what was asked: other copies of them do not come back. */
  seeds: readonly number[];
  /** For reasons. */
  sources: readonly Source[];
  warnings: Warning[];
}

/** One paper of the answer, with the copies that it stands for. */
interface Chosen {
  candidate: Candidate;
  vector: Float32Array | undefined;
  also: number[];
}

/** Orders, folds, diversifies, cuts, looks up and explains. Errors: `cancelled`. */
export async function present(
  corpus: Corpus,
  found: Found,
  options: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { minSimilarity } = options;
  const near = found.candidates.filter(({ similarity }) => similarity >= (minSimilarity ?? -1));
  const warnings = [...found.warnings];
  const chosen = await choose(corpus, await inOrder(corpus, near), found.seeds, options, signal);
  const papers = await corpus.store.get(chosen.map(({ candidate }) => candidate.label));
  const explainer = options.explain ? new Explainer(corpus.keywords, found.sources) : undefined;
  const results: Result[] = [];
  const pace = new Pace(signal);
  for (const [i, { candidate, vector, also }] of chosen.entries()) {
    const paper = papers[i];
    if (paper === undefined) continue;
    if (pace.due()) await pace.turn();
    results.push({
      paper: viewOf(paper, options.fields),
      similarity: candidate.similarity,
      score: candidate.score,
      percentile: percentileOf(corpus.calibration, found.kind, candidate.pairwise ?? candidate.similarity),
      ...(explainer && vector ? { reasons: explainer.explain(paper, vector) } : {}),
      also: await idsOf(corpus, also),
    });
  }
  if (results.length === 0 && !warnings.some(({ code }) => code === 'nothing_matches')) {
    warnings.push({
      code: 'nothing_matches',
      detail:
        minSimilarity === undefined
          ? 'Every paper that could be a result is a seed, a copy of one, or excluded.'
          : `No paper that may be a result is as similar as ${minSimilarity}.`,
    });
  }
  return {
    results,
    noGoodMatch:
      results.length === 0 || found.matches.every((match) => isNoGoodMatch(corpus.calibration, match)),
    warnings,
    index: aboutIndex(corpus, options),
  };
}

/** By score, ties by id. */
async function inOrder(corpus: Corpus, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const sorted = [...candidates].sort((a, b) => b.score - a.score);
  const tied = sorted.filter(
    ({ score }, i) => score === sorted[i - 1]?.score || score === sorted[i + 1]?.score,
  );
  const ids = await corpus.store.get(tied.map(({ label }) => label));
  const idOf = new Map(tied.map(({ label }, i) => [label, ids[i]?.id ?? '']));
  const byId = (a: Candidate, b: Candidate) =>
    (idOf.get(a.label) ?? '') < (idOf.get(b.label) ?? '') ? -1 : 1;
  return sorted.sort((a, b) => b.score - a.score || byId(a, b));
}

/** The papers that are shown: maximal marginal relevance, copies folded into the first of them. */
async function choose(
  corpus: Corpus,
  ordered: readonly Candidate[],
  seeds: readonly number[],
  { limit, diversity, copies: asked = 'fold' }: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Chosen[]> {
  const labels = ordered.map(({ label }) => label);
  const vectors = await corpus.vectors.vectors(labels);
  const same = await SamePaper.among(corpus, labels, vectors, seeds);
  const order = new MarginalRelevance(
    ordered.map(({ score }) => score),
    vectors,
    diversity,
  );
  const chosen: Chosen[] = [];
  const pace = new Pace(signal);
  while (chosen.length < limit) {
    if (pace.due()) await pace.turn();
    const at = order.next();
    const candidate = at === undefined ? undefined : ordered[at];
    if (at === undefined || candidate === undefined) break;
    if (asked === 'fold' && (await same.asASeed(at))) continue;
    const copies: number[] = [];
    for (const other of asked === 'fold' ? order.left : []) {
      if (same.mayBe(at, other) && (await same.as(at, other))) copies.push(other);
    }
    for (const other of copies) order.drop(other);
    order.picked(at);
    const also = copies.flatMap((other) => ordered[other]?.label ?? []);
    chosen.push({ candidate, vector: vectors[at], also });
  }
  return chosen;
}

async function idsOf(corpus: Corpus, labels: readonly number[]): Promise<string[]> {
  if (labels.length === 0) return [];
  const papers: (Paper | undefined)[] = await corpus.store.get(labels);
  return papers.flatMap((paper) => (paper === undefined ? [] : [paper.id]));
}
