/** From a pool of candidates to the answer: the steps that every kind of query ends with. */
import { Pace } from '../pacing.js';
import {
  type Answer,
  aboutIndex,
  type QueryOptions,
  type Result,
  viewOf,
  type Warning,
  withId,
} from './answer.js';
import { isNoGoodMatch, percentileOf } from './calibration.js';
import type { Candidate } from './candidates.js';
import type { Corpus } from './corpus.js';
import { byId, orderOf } from './diversity.js';
import type { Matches } from './match.js';
import { Explainer, type Source } from './reasons.js';
import type { SamePaper } from './same-paper.js';

/** What a query found, before anything is left out for the reader's sake. */
export interface Found extends Matches {
  /** In any order. */
  candidates: Candidate[];
  /** Knows the papers that stand for what was asked: other copies of them do not come back. */
  same: SamePaper;
  /** For reasons. */
  sources: readonly Source[];
  warnings: Warning[];
}

/** One paper of the answer, with the copies that it stands for. */
interface Chosen {
  candidate: Candidate;
  also: Candidate[];
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
  const chosen = await choose(corpus, { near, same: found.same }, options, signal);
  const results = await resultsOf(corpus, found, chosen, options, signal);
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

/** The papers that are shown: the next by the order that was asked for, copies folded into the first of them. */
async function choose(
  corpus: Corpus,
  { near, same }: { near: readonly Candidate[]; same: SamePaper },
  { limit, diversity, copies: asked = 'fold' }: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Chosen[]> {
  const order = await orderOf(corpus, near, diversity);
  const chosen: Chosen[] = [];
  const pace = new Pace(signal);
  while (chosen.length < limit) {
    if (pace.due()) await pace.turn();
    const candidate = await order.next();
    if (candidate === undefined) break;
    if (asked === 'fold' && (await same.asASeed(candidate.label))) continue;
    const also = asked === 'fold' ? await copiesAmong(order.left(), candidate, same) : [];
    for (const copy of also) order.drop(copy);
    // Nothing is picked after the last.
    if (chosen.push({ candidate, also }) < limit) await order.picked(candidate);
  }
  return chosen;
}

async function copiesAmong(
  left: readonly Candidate[],
  { label }: Candidate,
  same: SamePaper,
): Promise<Candidate[]> {
  const labels = left.map((candidate) => candidate.label);
  const copies = new Set(await same.among(label, labels));
  return copies.size === 0 ? [] : left.filter((candidate) => copies.has(candidate.label));
}

async function resultsOf(
  corpus: Corpus,
  { kind, sources }: Found,
  chosen: readonly Chosen[],
  { fields, explain }: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Result[]> {
  const shown = withId(fields);
  const labels = chosen.map(({ candidate }) => candidate.label);
  const explainer = explain ? new Explainer(corpus.keywords, sources) : undefined;
  const papers = await corpus.store.get(labels, explainer ? withId([...fields, 'title', 'abstract']) : shown);
  const vectors = explainer ? await corpus.vectors.vectors(labels) : [];
  const results: Result[] = [];
  const pace = new Pace(signal);
  for (const [i, { candidate, also }] of chosen.entries()) {
    const paper = papers[i];
    if (paper === undefined) continue;
    if (pace.due()) await pace.turn();
    const { similarity, score, pairwise = similarity } = candidate;
    const vector = vectors[i];
    results.push({
      paper: explainer ? viewOf(paper, shown) : paper,
      similarity,
      score,
      percentile: percentileOf(corpus.calibration, kind, pairwise),
      ...(explainer && vector ? { reasons: explainer.explain(paper, vector) } : {}),
      also: await idsOf(corpus, also),
    });
  }
  return results;
}

/** By score, ties by id. */
async function idsOf(corpus: Corpus, candidates: readonly Candidate[]): Promise<string[]> {
  if (candidates.length === 0) return [];
  const named = await byId(corpus, candidates);
  return named.sort((a, b) => b.candidate.score - a.candidate.score).map(({ id }) => id);
}
