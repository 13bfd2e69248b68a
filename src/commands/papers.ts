/** `nearpaper papers`: the corpus as a list, or some papers by id. */
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import { corpusOf, openPublished } from '../open-corpus.js';
import type { Corpus } from '../recommend/corpus.js';
import { type ListQuery, listPapers, lookUp } from '../recommend/papers.js';
import { pagesOf } from './all-papers.js';
import { describePaper, describeWhole, nameUnknown } from './answer-text.js';
import { type CommandContext, configOf } from './context.js';
import { printInTime, printJson, printLine, widthOf } from './output.js';
import type { PapersFlags } from './query-flags.js';
import { listQuery, lookUpQuery } from './query-request.js';

export async function papersCommand(
  context: CommandContext,
  ids: string[],
  flags: PapersFlags,
): Promise<void> {
  const config = configOf(context, flags);
  const use = ids.length > 0 ? lookingUp(context, ids, flags, config) : listing(context, flags, config);
  const overlay = await openPublished(config);
  try {
    await use(corpusOf(overlay));
  } finally {
    await overlay.close();
  }
}

type Use = (corpus: Corpus) => Promise<void>;

/** Errors: `unknown_paper`, after the papers that are known were printed. */
function lookingUp({ stdout }: CommandContext, ids: string[], flags: PapersFlags, { limits }: Config): Use {
  const query = lookUpQuery(ids, flags, limits);
  return async (corpus) => {
    const found = await lookUp(corpus, query);
    if (flags.json) printJson(stdout, found);
    else {
      for (const { paper } of found.papers) {
        if (paper === null) continue;
        for (const line of describeWhole(paper, widthOf(stdout))) printLine(stdout, line);
      }
    }
    const [warning] = found.warnings;
    if (warning?.code === 'unknown_ids') {
      throw new NearpaperError('unknown_paper', nameUnknown(warning.ids), { ids: warning.ids });
    }
  };
}

function listing(context: CommandContext, flags: PapersFlags, { limits }: Config): Use {
  const query = listQuery(flags, limits);
  return (corpus) => (flags.all ? printAll : printPage)(context, corpus, query, flags);
}

async function printPage(
  { stdout }: CommandContext,
  corpus: Corpus,
  query: ListQuery,
  { json }: PapersFlags,
): Promise<void> {
  const page = await listPapers(corpus, query);
  if (json) return printJson(stdout, page);
  for (const paper of page.papers) {
    for (const line of describePaper(paper, widthOf(stdout))) printLine(stdout, line);
  }
  if (page.next !== null) printLine(stdout, 'There are more: -n shows more of them, --all every one.');
  for (const { detail } of page.warnings) printLine(stdout, `Note: ${detail}`);
}

/** Page by page, so that a large corpus takes no memory; as JSON one paper a line, as `nearpaper build` reads it. */
async function printAll(
  { stdout, signal }: CommandContext,
  corpus: Corpus,
  query: ListQuery,
  { json }: PapersFlags,
): Promise<void> {
  for await (const papers of pagesOf(corpus, query, signal)) {
    for (const paper of papers) {
      const lines = json ? [JSON.stringify(paper)] : describePaper(paper, widthOf(stdout));
      if (!(await printInTime(stdout, lines.join('\n'), signal))) return;
    }
  }
}
