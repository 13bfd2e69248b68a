/**
 * Known items: does a paper's own title or abstract find it? Run on demand against an index that was built before:
 *   node dist/test/eval/known-items.js <index folder> [papers]
 * Prints one JSON object, and exits with 1 when a figure is below its floor (for the corpus that docs/quality.md names,
 * which also says what was measured and when).
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import type { Paper } from '../../src/papers/paper.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';

const { positionals } = parseArgs({ allowPositionals: true });
const [folder = 'index-data', wanted = '100'] = positionals;
const config = readConfig({ NEARPAPER_INDEX: folder });
const { generation, embedder } = await openCorpus(config);
const corpus: SearchableCorpus = { ...corpusOf(generation), embedder };
try {
  const papers = await drawPapers(corpus, Number(wanted));
  const titles = await ranksOf(corpus, papers, (paper) => paper.title);
  const abstracts = await ranksOf(corpus, papers, (paper) => paper.abstract);
  let selfFound = 0;
  for (const { id } of papers) {
    const { results } = await similar(
      corpus,
      { id, limit: 100, fields: ['id'], exact: false },
      new AbortController().signal,
    );
    if (results.some(({ paper }) => paper.id === id)) selfFound++;
  }
  const share = (ranks: number[], top: number) => ranks.filter((rank) => rank <= top).length / ranks.length;
  const report = {
    corpus: corpus.vectors.size,
    engine: corpus.vectors.engine,
    papers: papers.length,
    titleFirst: share(titles, 1),
    titleAmongThree: share(titles, 3),
    abstractFirst: share(abstracts, 1),
    selfAmongSimilar: selfFound,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const holds =
    report.titleAmongThree >= 0.9 && report.abstractFirst >= 0.97 && report.selfAmongSimilar === 0;
  process.exitCode = holds ? 0 : 1;
} finally {
  await embedder.close();
  await generation.close();
}

/** Papers with an abstract, drawn by a linear congruential generator, so that every run draws the same. */
async function drawPapers(from: SearchableCorpus, count: number): Promise<Paper[]> {
  const drawn = new Map<string, Paper>();
  let state = 20_240_101;
  while (drawn.size < Math.min(count, from.store.size)) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const { papers } = await from.store.list(Math.floor((state / 2 ** 32) * from.store.size) + 1, 1);
    for (const paper of papers) if (paper.abstract !== '') drawn.set(paper.id, paper);
  }
  return [...drawn.values()];
}

/** The place (1 is first, infinity beyond 10) at which a search for the paper's own text finds it. */
async function ranksOf(
  from: SearchableCorpus,
  papers: Paper[],
  textOf: (paper: Paper) => string,
): Promise<number[]> {
  const ranks: number[] = [];
  for (const paper of papers) {
    const query = { text: textOf(paper), limit: 10, fields: ['id'] as const, exact: false };
    const { results } = await search(from, query, new AbortController().signal);
    const place = results.findIndex(({ paper: found }) => found.id === paper.id);
    ranks.push(place === -1 ? Number.POSITIVE_INFINITY : place + 1);
  }
  return ranks;
}
