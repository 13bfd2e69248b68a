/**
 * How well a text finds the papers that people judged relevant for it, in each mode of search:
 *   node dist/test/eval/text-search.js <index folder> <queries.jsonl> <qrels.tsv> [mode ...]
 * The index holds the judged corpus (see benchmarks/judged-index.ts). Prints nDCG@10 (linear gain, Jarvelin &
 * Kekalainen 2002) and recall@20 in percent, means over the queries that have a relevant paper.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import { SEARCH_MODES } from '../../src/recommend/mode.js';
import { search } from '../../src/recommend/search.js';

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, queryFile, judgementFile, ...wanted] = positionals;
if (folder === undefined || queryFile === undefined || judgementFile === undefined) {
  throw new Error('name an index, queries and judgements');
}
const modes = SEARCH_MODES.filter((mode) => wanted.length === 0 || wanted.includes(mode));
const judgements = readJudgements(judgementFile);
const queries = readFileSync(queryFile, 'utf8')
  .trim()
  .split('\n')
  .map((line): { id: string; text?: string } => JSON.parse(line))
  .flatMap(({ id, text }) => (text !== undefined && judgements.has(id) ? [{ id, text }] : []));
const { generation, embedder } = await openCorpus(readConfig({ NEARPAPER_INDEX: folder }));
const corpus = { ...corpusOf(generation), embedder };
try {
  for (const mode of modes) {
    let ndcg = 0;
    let recall = 0;
    for (const { id, text } of queries) {
      const found = await find(text, mode);
      const grades = judgements.get(id) ?? new Map<string, number>();
      ndcg += gainOf(found.slice(0, 10), grades) / idealGain(grades, 10);
      recall += found.flat().filter((paper) => grades.has(paper)).length / grades.size;
    }
    const percent = (sum: number) => Number(((100 * sum) / queries.length).toFixed(1));
    const report = { mode, queries: queries.length, ndcgAt10: percent(ndcg), recallAt20: percent(recall) };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
} finally {
  await embedder.close();
  await generation.close();
}

async function find(text: string, mode: (typeof SEARCH_MODES)[number]): Promise<string[][]> {
  const options = { limit: 20, fields: ['id'] as const, exact: false, diversity: 0, explain: false };
  const { results } = await search(corpus, { text, mode, ...options }, undefined);
  return results.map(({ paper, also }) => [paper.id, ...also]);
}

/** Query -> paper -> grade above 0. */
function readJudgements(file: string): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [query, paper, grade] = line.split('\t');
    if (query === undefined || paper === undefined || !(Number(grade) > 0)) continue;
    all.set(query, (all.get(query) ?? new Map<string, number>()).set(paper, Number(grade)));
  }
  return all;
}

/** `found`: by rank, the ids of a result: those of the copies that it stands for are found with it. */
function gainOf(found: readonly (readonly string[])[], grades: ReadonlyMap<string, number>): number {
  const gain = (ids: readonly string[]) => Math.max(...ids.map((id) => grades.get(id) ?? 0));
  return found.reduce((sum, ids, i) => sum + gain(ids) / Math.log2(i + 2), 0);
}

function idealGain(grades: ReadonlyMap<string, number>, depth: number): number {
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, depth);
  return best.reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);
}
