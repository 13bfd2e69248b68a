/** `nearpaper search`, `nearpaper similar` and `nearpaper recommend`: the same functions as over HTTP. */
import type { Config } from '../config.js';
import type { Generation } from '../generations/open.js';
import { corpusOf, openCorpus, openPublished } from '../open-corpus.js';
import type { Answer } from '../recommend/answer.js';
import type { Corpus, SearchableCorpus } from '../recommend/corpus.js';
import { type RecommendationQuery, recommend } from '../recommend/recommend.js';
import { search } from '../recommend/search.js';
import { similar } from '../recommend/similar.js';
import { describeAnswer } from './answer-text.js';
import { type CommandContext, configOf } from './context.js';
import { printJson, printLine, widthOf } from './output.js';
import type { QueryFlags, RecommendFlags, SearchFlags } from './query-flags.js';
import { recommendationQuery, searchQuery, similarQuery } from './query-request.js';
import { readStdin } from './stdin.js';

export async function searchCommand(
  context: CommandContext,
  given: string,
  flags: SearchFlags,
): Promise<void> {
  const config = configOf(context, flags);
  const text = given === '-' ? await readStdin(context) : given;
  const query = searchQuery(text, flags, config.limits);
  await withModel(context, config, 1, async (corpus, generation) => {
    print(context, generation, await search(corpus, query, context.signal), flags);
  });
}

export async function similarCommand(context: CommandContext, id: string, flags: SearchFlags): Promise<void> {
  const config = configOf(context, flags);
  const query = similarQuery(id, flags, config.limits);
  await withoutModel(config, async (corpus, generation) => {
    print(context, generation, await similar(corpus, query, context.signal), flags);
  });
}

export async function recommendCommand(context: CommandContext, flags: RecommendFlags): Promise<void> {
  const config = configOf(context, flags);
  const query = await recommendationQuery(context, flags, config.limits);
  const answer = async (corpus: Corpus | SearchableCorpus, generation: Generation) => {
    const severalPositives = query.positives.length > 1;
    print(context, generation, await recommend(corpus, query, context.signal), flags, severalPositives);
  };
  const texts = countTexts(query);
  // Ids alone need no model, which takes longest to open.
  if (texts === 0) await withoutModel(config, answer);
  else await withModel(context, config, texts, answer);
}

function countTexts({ positives, negatives }: RecommendationQuery): number {
  return new Set([...positives, ...negatives].flatMap((seed) => ('text' in seed ? [seed.text] : []))).size;
}

type Use<C extends Corpus> = (corpus: C, generation: Generation) => Promise<void>;

async function withoutModel(config: Config, use: Use<Corpus>): Promise<void> {
  const overlay = await openPublished(config);
  try {
    await use(corpusOf(overlay), overlay.generation);
  } finally {
    await overlay.close();
  }
}

/** `texts`: how many will be embedded; further workers would have nothing to do. */
async function withModel(
  { signal }: CommandContext,
  config: Config,
  texts: number,
  use: Use<SearchableCorpus>,
): Promise<void> {
  const workers = Math.min(config.workers, texts);
  const { overlay, embedder } = await openCorpus({ ...config, workers }, { signal });
  try {
    await use({ ...corpusOf(overlay), embedder }, overlay.generation);
  } finally {
    await embedder.close();
    await overlay.close();
  }
}

function print(
  { stdout, stderr }: CommandContext,
  { note }: Generation,
  answer: Answer,
  flags: QueryFlags,
  severalPositives = false,
): void {
  if (note !== null) printLine(stderr, `Note: ${note}`);
  if (flags.json) printJson(stdout, answer);
  else {
    const lines = describeAnswer(answer, { width: widthOf(stdout), severalPositives });
    for (const line of lines) printLine(stdout, line);
  }
}
