/**
 * Seeds: does half of what a paper cites find the other half, and do negatives push the right way? Run on demand on an
 * index of ACM-CR (papers of the ACM, and which of them 25 others cite), each list asked as a caller of the service asks:
 *   node dist/test/eval/seeds.js <index folder> <folder of qrels.papers.dev.tsv> [halvings, 2 when absent]
 * Prints one table a question, in percent, and exits with 1 when the default is below its floor.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { readJudgements } from '../../src/evaluation/judged-data.js';
import { type MetricValues, metricsOf } from '../../src/evaluation/metrics.js';
import { corpusOf, openPublished } from '../../src/open-corpus.js';
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import type { SearchMode } from '../../src/recommend/mode.js';
import { recommend, type Strategy } from '../../src/recommend/recommend.js';
import { seeded } from '../vectors/clustered.js';

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

/** Of the default, as means over readers, 0 to 1. They show a loss and prove nothing: readers are few. */
const FLOORS = {
  oneInterest: { 'nDCG@10': 0.08 },
  twoInterests: { 'nDCG@10': 0.08 },
  /** Recall@100 with the negatives counted, divided by that with them ignored. */
  negatives: { wantedAtLeast: 1, unwantedAtMost: 0.6 },
};

const FEWEST_CITED = 6;
const METRICS_SHOWN = ['nDCG@10', 'Recall@20', 'Recall@100'] as const;

/** What one reader likes and dislikes, and what a good answer has and has not: ids of papers. */
interface Reader {
  positives: string[];
  negatives: string[];
  wanted: string[];
  unwanted: string[];
}

/** One list cut in two at random. */
interface Halves {
  known: string[];
  hidden: string[];
}

const { folder, judged, halvings } = readArguments();
const generation = await openPublished(readConfig({ NEARPAPER_INDEX: folder }));
const corpus = corpusOf(generation);
try {
  const lists = await readLists(join(judged, 'qrels.papers.dev.tsv'));
  const halved = Array.from({ length: halvings }, (_, i) => halve(lists, seeded(i + 1)));
  const pairs = halved.flatMap(disjointPairs);
  const one = halved.flat().map(({ known, hidden }) => {
    return { positives: known, negatives: [], wanted: hidden, unwanted: [] };
  });
  const two = pairs.map(([own, other]) => ({
    positives: [...own.known, ...other.known],
    negatives: [],
    wanted: [...own.hidden, ...other.hidden],
    unwanted: [],
  }));
  print(
    `${corpus.vectors.size} papers, ${corpus.vectors.engine} search. ${lists.length} lists with ${FEWEST_CITED} or ` +
      `more cited papers of the corpus, ${halvings} random halvings of each. Means over readers, in percent.`,
  );
  const failures = [
    ...belowFloor('one interest', await printTable('One interest', one), FLOORS.oneInterest),
    ...belowFloor('two interests', await printTable('Two interests', two), FLOORS.twoInterests),
    ...(await judgeNegatives(pairs.map(withRejected))),
  ];
  for (const failure of failures) print(`Below its floor: ${failure}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  await generation.close();
}

function readArguments() {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [folder, judged, given = '2'] = positionals;
  const halvings = Number(given);
  if (folder === undefined || judged === undefined || !Number.isInteger(halvings) || halvings < 1) {
    throw new Error('Name an index folder, the folder of qrels.papers.dev.tsv, and how many halvings, 1 or more.');
  }
  return { folder, judged, halvings };
}

/** The papers of the corpus that each paper cites, of those that cite enough of them. */
async function readLists(file: string): Promise<string[][]> {
  const judgements = await readJudgements(file, new AbortController().signal);
  const lists: string[][] = [];
  for (const grades of judgements.values()) {
    const cited = new Set<string>();
    for (const [id, grade] of grades) {
      const paper = grade > 0 ? await corpus.store.resolve(id) : undefined;
      if (paper !== undefined) cited.add(paper.id);
    }
    if (cited.size >= FEWEST_CITED) lists.push([...cited]);
  }
  if (lists.length === 0) throw new Error(`The index has ${FEWEST_CITED} papers of no list in ${file}.`);
  return lists;
}

function halve(lists: readonly string[][], random: () => number): Halves[] {
  return lists.map((list) => {
    const drawn = list.map((id) => ({ id, at: random() })).sort((a, b) => a.at - b.at);
    const ids = drawn.map(({ id }) => id);
    const middle = Math.floor(ids.length / 2);
    return { known: ids.slice(0, middle), hidden: ids.slice(middle) };
  });
}

/** Each list with another that shares no paper with it: another one in each halving, where there are enough. */
function disjointPairs(lists: readonly Halves[], halving: number): [Halves, Halves][] {
  return lists.flatMap((own, i): [Halves, Halves][] => {
    const papers = new Set([...own.known, ...own.hidden]);
    const next = (i + 1 + halving) % lists.length;
    const others = [...lists.slice(next), ...lists.slice(0, next)];
    const other = others.find(({ known, hidden }) => papers.isDisjointFrom(new Set([...known, ...hidden])));
    return other === undefined ? [] : [[own, other]];
  });
}

/** Of the second interest, the reader has liked one half of what is known and rejected the other. */
function withRejected([own, other]: [Halves, Halves]): Reader {
  const middle = Math.ceil(other.known.length / 2);
  return {
    positives: [...own.known, ...other.known.slice(0, middle)],
    negatives: other.known.slice(middle),
    wanted: own.hidden,
    unwanted: other.hidden,
  };
}

/** Prints what each way gets, and returns what the default gets. */
async function printTable(question: string, readers: readonly Reader[]): Promise<MetricValues> {
  printHead(`${question}, ${readers.length} readers`, METRICS_SHOWN);
  let ofDefault: MetricValues = {};
  for (const way of [...WAYS, BY_WORDS]) {
    const values: MetricValues[] = [];
    for (const reader of readers) values.push(valuesOf(await rankingFor(reader, way), reader.wanted));
    const means = Object.fromEntries(METRICS_SHOWN.map((metric) => [metric, mean(values, metric)]));
    printRow(way, Object.values(means));
    if (way === DEFAULT_WAY) ofDefault = means;
  }
  return ofDefault;
}

/** Prints Recall@100 of wanted and unwanted papers for each way, and returns what the default fails in. */
async function judgeNegatives(readers: readonly Reader[]): Promise<string[]> {
  const columns = ['wanted, ignored', 'wanted, counted', 'unwanted, ignored', 'unwanted, counted'];
  printHead(`Half of the second interest rejected, ${readers.length} readers: Recall@100`, columns);
  const failures: string[] = [];
  for (const way of WAYS) {
    const found = { wanted: [] as MetricValues[], unwanted: [] as MetricValues[] };
    const kept = { wanted: [] as MetricValues[], unwanted: [] as MetricValues[] };
    for (const reader of readers) {
      // Also where negatives are ignored, they are papers that the reader knows.
      const ignoring = { ...reader, negatives: [] };
      const before = await rankingFor(ignoring, way, reader.negatives);
      const after = await rankingFor(reader, way);
      for (const side of ['wanted', 'unwanted'] as const) {
        found[side].push(valuesOf(before, reader[side]));
        kept[side].push(valuesOf(after, reader[side]));
      }
    }
    const [wanted, wantedKept] = [mean(found.wanted, 'Recall@100'), mean(kept.wanted, 'Recall@100')];
    const [unwanted, unwantedKept] = [mean(found.unwanted, 'Recall@100'), mean(kept.unwanted, 'Recall@100')];
    printRow(way, [wanted, wantedKept, unwanted, unwantedKept]);
    if (way !== DEFAULT_WAY) continue;
    const { wantedAtLeast, unwantedAtMost } = FLOORS.negatives;
    if (!(wantedKept >= wantedAtLeast * wanted)) failures.push('negatives take wanted papers away');
    if (!(unwantedKept <= unwantedAtMost * unwanted)) failures.push('negatives leave unwanted papers');
  }
  return failures;
}
