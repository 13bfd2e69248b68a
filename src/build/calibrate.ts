/** Draws the samples that a corpus is calibrated with: always the same for the same papers. */
import { documentText } from '../embedding/document-text.js';
import type { Embedder } from '../embedding/embedder.js';
import { Pace } from '../pacing.js';
import type { Paper } from '../papers/paper.js';
import {
  type Calibration,
  countWords,
  fitFloor,
  fitPercentiles,
  type QuerySample,
  SIMILARITY_STEPS,
  stepOf,
} from '../recommend/calibration.js';
import { sampleLabels } from '../vectors/recall.js';
import type { VectorIndex } from '../vectors/vector-index.js';

export interface CalibrateOptions {
  /** Makes the vectors of titles, as of queries. */
  embedder: Pick<Embedder, 'embedQuery'>;
  vectors: VectorIndex;
  /** Labels of every paper, ascending. */
  labels: readonly number[];
  /** Papers by label, as a store's `get`; undefined where there is none. */
  papersOf: (
    labels: readonly number[],
  ) => Promise<readonly (Pick<Paper, 'title' | 'abstract'> | undefined)[]>;
  signal: AbortSignal;
}

/** Titles to embed: 3 ms each. */
const TITLES = 600;
/** Papers with an abstract to search for the neighbours of. */
const ABSTRACTS = 2000;
/** Queries of each kind, and papers each is compared with, for percentiles: two million pairs, a second. */
const PAIRED = 400;
const COMPARED = 5000;

/** One sampled paper and the vector that stands for it as a query. */
interface Probe {
  label: number;
  words: number;
  vector: Float32Array;
}

/** Calibrates a corpus, of any size. Errors: `cancelled` when the signal aborts; those of the embedder and the index. */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { vectors, labels, signal } = options;
  const titles = await titleProbes(options, sampled(labels, TITLES));
  const papers = await paperProbes(options, sampled(labels, ABSTRACTS));
  const compared = sampled(labels, COMPARED);
  return {
    percentiles: {
      paper: fitPercentiles(await countPairs(papers, compared, options)),
      text: fitPercentiles(await countPairs(titles, compared, options)),
    },
    floor: fitFloor(
      await strangers(titles, vectors, signal),
      await strangers(
        papers.filter(({ hasAbstract }) => hasAbstract),
        vectors,
        signal,
      ),
    ),
  };
}

function sampled(labels: readonly number[], count: number): number[] {
  return sampleLabels(labels.length, count).flatMap((at) => labels[at] ?? []);
}

/** Texts under way at once: as many as a queue for one waiting text takes from a pool of one worker. */
const LANES = 2;

async function titleProbes(options: CalibrateOptions, labels: readonly number[]): Promise<Probe[]> {
  const { embedder, papersOf, signal } = options;
  const papers = await papersOf(labels);
  const probes: Probe[] = [];
  for (let from = 0; from < labels.length; from += LANES) {
    const made = labels.slice(from, from + LANES).map(async (label, lane) => {
      const title = papers[from + lane]?.title;
      if (title === undefined) return [];
      return [{ label, words: countWords(title), vector: (await embedder.embedQuery(title, signal)).vector }];
    });
    probes.push(...(await Promise.all(made)).flat());
  }
  return probes;
}

/** Papers with the vectors they are stored under: nothing to embed. */
async function paperProbes(
  { vectors, papersOf }: CalibrateOptions,
  labels: readonly number[],
): Promise<(Probe & { hasAbstract: boolean })[]> {
  const papers = await papersOf(labels);
  const held = await vectors.vectors(labels);
  return labels.flatMap((label, at) => {
    const paper = papers[at];
    const vector = held[at];
    if (paper === undefined || vector === undefined) return [];
    const words = countWords(documentText(paper.title, paper.abstract));
    return [{ label, words, vector, hasAbstract: paper.abstract !== '' }];
  });
}

/** How many pairs of a probe with another paper have which similarity. */
async function countPairs(
  probes: readonly Probe[],
  compared: readonly number[],
  { vectors, signal }: CalibrateOptions,
): Promise<Uint32Array> {
  const counts = new Uint32Array(SIMILARITY_STEPS);
  const pace = new Pace(signal);
  for (const at of sampleLabels(probes.length, PAIRED)) {
    const probe = probes[at];
    if (probe === undefined) continue;
    if (pace.due()) await pace.turn();
    const similarities = await vectors.similarities(probe.vector, compared);
    compared.forEach((label, i) => {
      const similarity = similarities[i];
      if (label === probe.label || similarity === undefined) return;
      const step = stepOf(similarity);
      counts[step] = (counts[step] ?? 0) + 1;
    });
  }
  return counts;
}

/**
 * Nearest other papers that are left out with a probe's own: a corpus often holds more by the same authors, or the same
 * paper again, and a text from outside has no such kin in it.
 */
const KIN = 2;

/** How near the corpus comes to each probe when its own paper and its kin are left out. */
async function strangers(
  probes: readonly Probe[],
  vectors: VectorIndex,
  signal: AbortSignal,
): Promise<QuerySample[]> {
  const samples: QuerySample[] = [];
  for (const { label, words, vector } of probes) {
    const found = await vectors.search(vector, KIN + 2, { signal });
    const nearest = found.filter((neighbour) => neighbour.label !== label)[KIN];
    if (nearest !== undefined) samples.push({ words, similarity: nearest.similarity });
  }
  return samples;
}
