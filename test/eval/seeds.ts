/**
 * Seeds: does half of what a paper cites find the other half, and do negatives push the right way? Run on demand on an
 * index of ACM-CR (papers of the ACM, and which of them 25 others cite), each list asked as callers of the service ask:
 *   node dist/test/eval/seeds.js <index folder> <folder of qrels.papers.dev.tsv> [halvings, 10 when absent]
 * Prints one table a question, in percent, and exits with 1 when the default is below its floor. From one halving
 * to the next nDCG@10 changes by 2 to 3 points (standard deviation), so with fewer than ten only large differences mean
 * anything. Embeds nothing: ten take some minutes on a hundred thousand papers.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { type MetricValues, metricsOf } from '../../src/evaluation/metrics.js';
import { corpusOf, openPublished } from '../../src/open-corpus.js';
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import type { SearchMode } from '../../src/recommend/mode.js';
import { recommend, type Strategy } from '../../src/recommend/recommend.js';
import {
  disjointPairs,
  FEWEST_CITED,
  halve,
  type Reader,
  readLists,
  withOneInterest,
  withoutNegatives,
  withRejected,
  withTwoInterests,
} from './readers.js';

interface Way {
  mode: SearchMode;
  strategy: Strategy;
}

/** The way of a caller who asks for none. */
const DEFAULT_WAY: Way = { mode: 'hybrid', strategy: 'best_score' };
const WAYS: readonly Way[] = [
  DEFAULT_WAY,
  { mode: 'hybrid', strategy: 'average' },
  { mode: 'semantic', strategy: 'best_score' },
  { mode: 'semantic', strategy: 'average' },
];
/** No strategy and no negative changes an order by words alone. */
const BY_WORDS: Way = { mode: 'keyword', strategy: 'best_score' };

/** Of the default, as means over readers, 0 to 1. They show a loss and prove nothing: the readers are few. */
const FLOORS = {
  oneInterest: { 'nDCG@10': 0.13 },
  twoInterests: { 'nDCG@10': 0.115 },
  /** Recall@100 with the negatives counted, divided by that with them ignored. */
  negatives: { wantedAtLeast: 1, unwantedAtMost: 0.6 },
};

const METRICS = ['nDCG@10', 'Recall@20', 'Recall@100'] as const;
/** The metrics of the papers that are wanted, and Recall@100 of those that are not. */
type Means = Record<(typeof METRICS)[number] | 'unwanted@100', number>;

const { indexFolder, judgedFolder, halvings } = readArguments();
const overlay = await openPublished(readConfig({ NEARPAPER_INDEX: indexFolder }));
const corpus = corpusOf(overlay);
try {
  const lists = await readLists(corpus.store, join(judgedFolder, 'qrels.papers.dev.tsv'));
  const halved = Array.from({ length: halvings }, (_, i) => halve(lists, i));
  const pairs = halved.flatMap(disjointPairs);
  print(
    `${corpus.vectors.size} papers, engine ${corpus.vectors.engine}; ${lists.length} lists with ${FEWEST_CITED} or ` +
      `more cited papers of the corpus, ${halvings} random halvings of each. Means over readers, in percent.`,
  );
  const failures = [
    ...(await judge('One interest', halved.flat().map(withOneInterest), FLOORS.oneInterest)),
    ...(await judge('Two interests', pairs.map(withTwoInterests), FLOORS.twoInterests)),
    ...(await judgeNegatives(pairs.map(withRejected))),
  ];
  for (const failure of failures) print(`\nBelow its floor: ${failure}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  await overlay.close();
}

function readArguments() {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [indexFolder, judgedFolder, given = '10'] = positionals;
  const halvings = Number(given);
  if (
    indexFolder === undefined ||
    judgedFolder === undefined ||
    !Number.isInteger(halvings) ||
    halvings < 1
  ) {
    throw new Error(
      'Name an index folder, the folder of qrels.papers.dev.tsv, and how many halvings, 1 or more.',
    );
  }
  return { indexFolder, judgedFolder, halvings };
}

/** Prints a row for each way, and returns what the default fails in. */
async function judge(
  question: string,
  readers: readonly Reader[],
  floors: Partial<Means>,
): Promise<string[]> {
  printHead(`${question}, ${readers.length} readers`, METRICS);
  const failures: string[] = [];
  for (const way of [...WAYS, BY_WORDS]) {
    const means = await meansOf(readers, way);
    printRow(
      way,
      METRICS.map((metric) => means[metric]),
    );
    if (way !== DEFAULT_WAY) continue;
    // Written so that a mean that is not a number is below its floor too.
    const missed = METRICS.filter((metric) => !(means[metric] >= (floors[metric] ?? 0)));
    failures.push(...missed.map((metric) => `${question}, ${metric} ${means[metric].toFixed(4)}`));
  }
  return failures;
}

/** As `judge`, with Recall@100 of wanted and unwanted papers: negatives counted beside negatives ignored. */
async function judgeNegatives(readers: readonly Reader[]): Promise<string[]> {
  const ignoring = readers.map(withoutNegatives);
  const columns = ['wanted, negatives ignored', 'counted', 'unwanted, negatives ignored', 'counted'];
  printHead(`Half of the second interest rejected, ${readers.length} readers: Recall@100`, columns);
  const failures: string[] = [];
  for (const way of WAYS) {
    const before = await meansOf(ignoring, way);
    const after = await meansOf(readers, way);
    printRow(way, [before['Recall@100'], after['Recall@100'], before['unwanted@100'], after['unwanted@100']]);
    if (way !== DEFAULT_WAY) continue;
    const { wantedAtLeast, unwantedAtMost } = FLOORS.negatives;
    const wanted = after['Recall@100'] / before['Recall@100'];
    const unwanted = after['unwanted@100'] / before['unwanted@100'];
    if (!(wanted >= wantedAtLeast)) failures.push(`negatives keep ${wanted.toFixed(2)} of what is wanted`);
    if (!(unwanted <= unwantedAtMost))
      failures.push(`negatives leave ${unwanted.toFixed(2)} of what is unwanted`);
  }
  return failures;
}

async function meansOf(readers: readonly Reader[], way: Way): Promise<Means> {
  const means: Means = { 'nDCG@10': 0, 'Recall@20': 0, 'Recall@100': 0, 'unwanted@100': 0 };
  for (const reader of readers) {
    const ranking = await rankingFor(reader, way);
    const ofWanted = valuesOf(ranking, reader.wanted);
    const ofUnwanted = valuesOf(ranking, reader.unwanted);
    for (const metric of METRICS) means[metric] += (ofWanted[metric] ?? 0) / readers.length;
    means['unwanted@100'] += (ofUnwanted['Recall@100'] ?? 0) / readers.length;
  }
  return means;
}

/** Ids, best first; copies that were folded into a result come right after it. */
async function rankingFor(reader: Reader, { mode, strategy }: Way): Promise<string[]> {
  const seeds = (ids: readonly string[]) => ids.map((id) => ({ id }));
  const query = {
    ...DEFAULT_OPTIONS,
    limit: 100,
    fields: ['id'] as const,
    positives: seeds(reader.positives),
    negatives: seeds(reader.negatives),
    exclude: reader.excluded,
    mode,
    strategy,
  };
  const { results } = await recommend(corpus, query, undefined);
  return results.flatMap(({ paper, also }) => [paper.id, ...also]);
}

function valuesOf(ranking: readonly string[], relevant: readonly string[]): MetricValues {
  return metricsOf(ranking, new Map(relevant.map((id) => [id, 1])), 1);
}

function printHead(title: string, columns: readonly string[]): void {
  print(`\n${title}\n\n| ${['way', ...columns].join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}`);
}

function printRow({ mode, strategy }: Way, shares: readonly number[]): void {
  const name = mode === 'keyword' ? mode : `${mode}, ${strategy}`;
  print(`| ${[name, ...shares.map((share) => (100 * share).toFixed(1))].join(' | ')} |`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
