/** `nearpaper search` and `nearpaper similar`: the same functions as over HTTP. */
import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import type { Generation } from '../generations/open.js';
import { corpusOf, openCorpus, openPublished } from '../open-corpus.js';
import { type Answer, type AnswerOptions, DEFAULT_FIELDS } from '../recommend/answer.js';
import { checkText } from '../recommend/query-text.js';
import { search } from '../recommend/search.js';
import { similar } from '../recommend/similar.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printAnswer, printJson, printLine } from './output.js';

interface QueryFlags extends SettingFlags {
  limit: string;
  exact?: boolean;
  json?: boolean;
}

export async function searchCommand(
  context: CommandContext,
  given: string,
  flags: QueryFlags,
): Promise<void> {
  // One text needs one worker.
  const config = { ...configOf(context, flags), workers: 1 };
  const options = answerOptions(flags, config);
  const text = given === '-' ? await readStdin(context) : given;
  checkText(text, 'The text', config.limits.text);
  const { generation, embedder } = await openCorpus(config, { signal: context.signal });
  try {
    const answer = await search({ ...corpusOf(generation), embedder }, { text, ...options }, context.signal);
    print(context, generation, answer, flags);
  } finally {
    await embedder.close();
    await generation.close();
  }
}

/** All of standard input. Errors: `cancelled` when a signal stops the wait for it. */
async function readStdin({ stdin, signal }: CommandContext): Promise<string> {
  try {
    return await readAll(addAbortSignal(signal, stdin));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw new NearpaperError('cancelled', 'Stopped while reading standard input.', { cause: thrown });
  }
}

export async function similarCommand(context: CommandContext, id: string, flags: QueryFlags): Promise<void> {
  const config = configOf(context, flags);
  const options = answerOptions(flags, config);
  const generation = await openPublished(config);
  try {
    const answer = await similar(corpusOf(generation), { id, ...options }, context.signal);
    print(context, generation, answer, flags);
  } finally {
    await generation.close();
  }
}

function answerOptions(flags: QueryFlags, { limits: { results } }: Config): AnswerOptions {
  const limit = /^\d{1,3}$/.test(flags.limit) ? Number(flags.limit) : 0;
  if (limit < 1 || limit > results) {
    throw new NearpaperError(
      'usage',
      `--limit must be a whole number from 1 to ${results}, not ${flags.limit}.`,
    );
  }
  return { limit, fields: DEFAULT_FIELDS, exact: flags.exact ?? false };
}

function print(context: CommandContext, { note }: Generation, answer: Answer, flags: QueryFlags): void {
  if (note !== null) printLine(context.stderr, `Note: ${note}`);
  if (flags.json) printJson(context.stdout, answer);
  else printAnswer(context.stdout, answer);
}
