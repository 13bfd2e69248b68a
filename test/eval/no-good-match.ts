/**
 * Does noGoodMatch mark texts that the corpus has nothing for, and leave alone those it has? Run on demand:
 *   node dist/test/eval/no-good-match.js <index folder> [file with abstracts on topic, JSONL]
 * The texts are those of test/eval/texts, for a corpus about language models; those named `tuning` are the ones that
 * the method was chosen with, the others were kept apart. Without a file of abstracts on topic, abstracts of the corpus
 * stand for them, with their own papers left out. Prints one JSON object; exits with 1 when a count misses its floor.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import { packageRoot } from '../../src/package-root.js';
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import { floorAt, percentileOf } from '../../src/recommend/calibration.js';
import { search } from '../../src/recommend/search.js';
import { sampleLabels } from '../../src/vectors/recall.js';

const { positionals } = parseArgs({ allowPositionals: true });
const [folder = 'index-data', abstractsFile] = positionals;
const { overlay, embedder } = await openCorpus(readConfig({ NEARPAPER_INDEX: folder }));
const corpus = { ...corpusOf(overlay), embedder };

interface Asked {
  text: string;
  /** The paper that the text is of. */
  own?: string;
}

interface Outcome {
  text: string;
  similarity: number;
  marked: boolean;
}

try {
  const texts = async (name: string) => (await readTexts(name)).map((text) => ({ text }));
  const offTopic = await outcomesOf(await texts('off-topic'));
  const questions = await outcomesOf(await texts('questions'));
  const abstracts = await outcomesOf(await readAbstracts());
  const report = {
    corpus: corpus.vectors.size,
    engine: corpus.vectors.engine,
    ...calibrationReport(),
    offTopic: { ...marked(offTopic), missed: shown(offTopic, false) },
    questions: { ...marked(questions), wrongly: shown(questions, true) },
    abstracts: { ...marked(abstracts), wrongly: shown(abstracts, true) },
    offTopicTuning: marked(await outcomesOf(await texts('off-topic-tuning'))),
    questionsTuning: marked(await outcomesOf(await texts('questions-tuning'))),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const holds = report.offTopic.marked >= 95 && report.questions.marked <= 2 && report.abstracts.marked <= 2;
  process.exitCode = holds ? 0 : 1;
} finally {
  await embedder.close();
  await overlay.close();
}

/** One after another, so that no queue overflows. */
async function outcomesOf(asked: readonly Asked[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { text, own } of asked) {
    const exclude = own === undefined ? [] : [own];
    const query = { ...DEFAULT_OPTIONS, limit: 1, text, mode: 'semantic' as const, exclude };
    const { results, noGoodMatch } = await search(corpus, query, undefined);
    outcomes.push({ text, similarity: results[0]?.similarity ?? 0, marked: noGoodMatch });
  }
  return outcomes;
}

/** Scaled to a hundred texts. */
function marked(outcomes: readonly Outcome[]): { texts: number; marked: number } {
  const share = outcomes.filter((outcome) => outcome.marked).length / outcomes.length;
  return { texts: outcomes.length, marked: Number((100 * share).toFixed(1)) };
}

function shown(outcomes: readonly Outcome[], wanted: boolean): string[] {
  return outcomes
    .filter((outcome) => outcome.marked === wanted)
    .map(({ text, similarity }) => `${similarity.toFixed(3)} ${text.slice(0, 60)}`);
}

function calibrationReport() {
  const { floor } = corpus.calibration;
  const lengths = [1, 2, 3, 5, 10, 20, 50, 100, 200];
  const percentiles = (kind: 'paper' | 'text') =>
    [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9].map((at) => [at, percentileOf(corpus.calibration, kind, at)]);
  return {
    floor,
    floorByWords:
      floor && lengths.map((words) => [words, Number(floorAt(floor, { words, similarity: 0 }).toFixed(3))]),
    percentiles: { paper: percentiles('paper'), text: percentiles('text') },
  };
}

async function readTexts(name: string): Promise<string[]> {
  const path = join(packageRoot(), 'test', 'eval', 'texts', `${name}.txt`);
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
}

/** A hundred abstracts on topic; of the corpus, each with its own paper, unless a file was named. */
async function readAbstracts(): Promise<Asked[]> {
  if (abstractsFile !== undefined) {
    const lines = (await readFile(abstractsFile, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const { abstract }: { abstract: string } = JSON.parse(line);
      return { text: abstract };
    });
  }
  const { labels } = await corpus.store.subset([]);
  const all = [...labels];
  // Not the papers that the calibration draws: one place further.
  const drawn = sampleLabels(all.length, 100).flatMap((at) => all[at + 1] ?? []);
  const papers = await corpus.store.get(drawn);
  return papers.flatMap((paper) => (paper?.abstract ? [{ text: paper.abstract, own: paper.id }] : []));
}
