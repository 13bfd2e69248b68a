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
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import type { SearchMode } from '../../src/recommend/mode.js';
import { search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';

const { positionals } = parseArgs({ allowPositionals: true });
const [folder = 'index-data', wanted = '100'] = positionals;
const config = readConfig({ NEARPAPER_INDEX: folder });
const { overlay, embedder } = await openCorpus(config);
const corpus: SearchableCorpus = { ...corpusOf(overlay), embedder };
/** What people make of a title when they type it or paste it from somewhere. */
const SPELLINGS: Record<string, (title: string) => string> = {
  asWritten: (title) => title,
  upperCase: (title) => title.toUpperCase(),
  withoutPunctuation: (title) => title.replace(/[^\p{L}\p{N}]+/gu, ' ').trim(),
  letterLost: (title) => withoutLetter(title, Math.floor(title.length / 2)),
  lettersSwapped: (title) => withLettersSwapped(title, Math.floor(title.length / 3)),
  asReference: (title) => `Smith, J. et al. "${title}", 2024.`.replaceAll('"', ''),
};

try {
  const papers = await drawPapers(corpus, Number(wanted));
  const titles: Record<string, number> = {};
  for (const [name, spell] of Object.entries(SPELLINGS)) {
    const found = await ranksOf(corpus, papers, (paper) => spell(paper.title), 'hybrid');
    titles[name] = share(found, 1);
  }
  const semantic = await ranksOf(corpus, papers, (paper) => paper.title, 'semantic');
  const abstracts = await ranksOf(corpus, papers, (paper) => paper.abstract, 'hybrid');
  let selfFound = 0;
  for (const { id } of papers) {
    const { results } = await similar(
      corpus,
      { ...DEFAULT_OPTIONS, id, limit: 100, fields: ['id'] },
      undefined,
    );
    if (results.some(({ paper }) => paper.id === id)) selfFound++;
  }
  const report = {
    corpus: corpus.vectors.size,
    engine: corpus.vectors.engine,
    papers: papers.length,
    titleFirst: titles,
    titleFirstByMeaningAlone: share(semantic, 1),
    titleAmongThreeByMeaningAlone: share(semantic, 3),
    abstractFirst: share(abstracts, 1),
    selfAmongSimilar: selfFound,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const holds =
    Object.values(titles).every((first) => first >= 0.99) &&
    report.titleAmongThreeByMeaningAlone >= 0.9 &&
    report.abstractFirst >= 0.97 &&
    report.selfAmongSimilar === 0;
  process.exitCode = holds ? 0 : 1;
} finally {
  await embedder.close();
  await overlay.close();
}

function share(ranks: readonly number[], top: number): number {
  return ranks.filter((rank) => rank <= top).length / ranks.length;
}

/** Without the first letter from `from` on. */
function withoutLetter(title: string, from: number): string {
  const at = from + title.slice(from).search(/\p{L}/u);
  return title.slice(0, at) + title.slice(at + 1);
}

/** With the first two neighbouring letters from `from` on in the other order. */
function withLettersSwapped(title: string, from: number): string {
  const at = from + title.slice(from).search(/\p{L}\p{L}/u);
  return `${title.slice(0, at)}${title.charAt(at + 1)}${title.charAt(at)}${title.slice(at + 2)}`;
}

/** Papers with an abstract, drawn by a linear congruential generator, so that every run draws the same. */
async function drawPapers(from: SearchableCorpus, count: number): Promise<Paper[]> {
  const drawn = new Map<string, Paper>();
  let state = 20_240_101;
  while (drawn.size < Math.min(count, from.store.size)) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const { papers } = await from.store.list([], Math.floor((state / 2 ** 32) * from.store.size) + 1, 1);
    for (const paper of papers) if (paper.abstract !== '') drawn.set(paper.id, paper);
  }
  return [...drawn.values()];
}

/** The place (1 is first, infinity beyond 10) at which a search for the paper's own text finds it. */
async function ranksOf(
  from: SearchableCorpus,
  papers: Paper[],
  textOf: (paper: Paper) => string,
  mode: SearchMode,
): Promise<number[]> {
  const ranks: number[] = [];
  for (const paper of papers) {
    const query = { ...DEFAULT_OPTIONS, text: textOf(paper), mode, fields: ['id'] as const };
    const { results } = await search(from, query, undefined);
    const place = results.findIndex(
      ({ paper: found, also }) => found.id === paper.id || also.includes(paper.id),
    );
    ranks.push(place === -1 ? Number.POSITIVE_INFINITY : place + 1);
  }
  return ranks;
}
