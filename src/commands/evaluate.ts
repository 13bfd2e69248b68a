/** `nearpaper evaluate` */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { type JudgedData, readJudgedData } from '../evaluation/judged-data.js';
import { runLines } from '../evaluation/trec-run.js';
import { corpusOf, openCorpus } from '../open-corpus.js';
import { runBuild } from './build.js';
import { type CommandContext, configOf } from './context.js';
import { type EvaluateFlags, isMode, optionsOf, type ParsedOptions, readRival } from './evaluate-flags.js';
import { QueryProgress } from './evaluation-display.js';
import { describeEvaluation, jsonOf, perQueryLines, type Report } from './evaluation-text.js';
import { printJson, printLine } from './output.js';
import { checkOutputFiles, type NamedFile, writeOutputFile } from './output-file.js';

export async function evaluateCommand(context: CommandContext, flags: EvaluateFlags): Promise<void> {
  const options = optionsOf(flags);
  const folders = [configOf(context, flags).indexFolder, ...(flags.keep === undefined ? [] : [flags.keep])];
  await checkOutputFiles(outputsOf(flags), inputsOf(flags), folders);
  const data = await readJudgedData(flags, context.signal);
  const against = await readRival(options.against, data.pools !== undefined, context.signal);
  const report = await withEvaluatedIndex(context, flags, (folder) =>
    evaluateIndex(context, { flags, folder, data }, { ...options, against }),
  );
  if (flags.json) printJson(context.stdout, jsonOf(report));
  else for (const line of describeEvaluation(report)) printLine(context.stdout, line);
  // Last, so that a file that cannot be written does not take the figures with it.
  await writeFiles(flags, report);
}

interface Subject {
  flags: EvaluateFlags;
  /** Of the index. */
  folder: string;
  data: JudgedData;
}

type Options = Omit<ParsedOptions, 'against'> & { against: Awaited<ReturnType<typeof readRival>> };

async function evaluateIndex(
  context: CommandContext,
  { flags, folder, data }: Subject,
  options: Options,
): Promise<Report> {
  const { signal, stderr } = context;
  const config = configOf(context, flags);
  const { overlay, embedder } = await openCorpus({ ...config, indexFolder: folder }, { signal });
  const progress = new QueryProgress(stderr);
  try {
    const { note } = overlay.generation;
    if (note !== null) printLine(stderr, `Note: ${note}`);
    const corpus = { ...corpusOf(overlay), embedder };
    const onProgress = (done: number, total: number) => progress.show(done, total);
    const evaluation = await evaluate(
      corpus,
      data,
      { ...options, lanes: config.workers, onProgress },
      signal,
    );
    const { generation: name, model, vectors } = corpus;
    const engine = vectors.engine;
    const index = { generation: name, papers: vectors.size, model, engine };
    return { evaluation, index, ...options, hasPools: data.pools !== undefined };
  } finally {
    progress.end();
    await embedder.close();
    await overlay.close();
  }
}

/** The published index, or one of the papers named by --corpus: kept, or removed however the evaluation ends. */
async function withEvaluatedIndex<T>(
  context: CommandContext,
  flags: EvaluateFlags,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { indexFolder: published, modelCache } = configOf(context, flags);
  const { corpus: inputs, keep, model } = flags;
  if (inputs === undefined) return use(published);
  // Downloaded models stay where every other command finds them, and do not go with the index.
  const environment = { ...context.environment, NEARPAPER_CACHE: modelCache };
  // The corpus of an evaluation is the files as they are now, nothing that an earlier one held.
  const choice = { inputs, prune: true, force: true };
  const buildIn = (index: string, whenStopped?: string) =>
    runBuild(
      { ...context, environment },
      model === undefined ? { index } : { index, model },
      choice,
      whenStopped,
    );
  if (keep !== undefined) {
    await claimFolder(keep, published);
    await buildIn(keep);
    return use(keep);
  }
  const temporary = await mkdtemp(join(tmpdir(), 'nearpaper-evaluate-'));
  try {
    // What becomes of the index is said once it is removed.
    await buildIn(temporary, 'Stopped.');
    return await use(temporary);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
    if (context.signal.aborted) {
      printLine(
        context.stderr,
        'It was a temporary index, and is removed: with --keep FOLDER the same command resumes.',
      );
    }
  }
}

/** Tells a folder of evaluations from an index that someone uses: a build here removes papers. */
const MARK = 'made-by-evaluate.txt';
const MARK_TEXT =
  'nearpaper evaluate --keep made this index and changes it: papers that its --corpus does not name are removed.\n';

/** Errors: `usage` unless the folder is new, empty, or of an earlier evaluation. */
async function claimFolder(folder: string, published: string): Promise<void> {
  if (resolve(folder) === resolve(published)) {
    throw new NearpaperError('usage', `--keep names your own index, ${folder}. Name another folder.`);
  }
  try {
    await mkdir(folder, { recursive: true });
    const files = await readdir(folder);
    if (files.includes(MARK)) return;
    if (files.length > 0) throw new Error('it holds something else than an earlier evaluation');
    await writeFile(join(folder, MARK), MARK_TEXT);
  } catch (thrown) {
    const message = `--keep: ${folder} cannot be used: ${messageOf(thrown)}. Name an empty or a new folder.`;
    throw new NearpaperError('usage', message, { cause: thrown });
  }
}

function outputsOf({ run, perQuery }: EvaluateFlags): NamedFile[] {
  return [...named('--run', run), ...named('--per-query', perQuery)];
}

function inputsOf({ queries, qrels, pools, corpus = [], against }: EvaluateFlags): NamedFile[] {
  return [
    ...named('--queries', queries),
    ...named('--qrels', qrels),
    ...named('--pools', pools),
    ...corpus.flatMap((path) => named('--corpus', path)),
    ...(against === undefined || isMode(against) ? [] : named('--against', against)),
  ];
}

function named(flag: string, path: string | undefined): NamedFile[] {
  return path === undefined ? [] : [{ flag, path }];
}

/** One that fails does not keep the other from being written. */
async function writeFiles({ run, perQuery }: EvaluateFlags, { evaluation }: Report): Promise<void> {
  const written = await Promise.allSettled([
    ...(run === undefined
      ? []
      : [writeOutputFile('--run', run, runLines(evaluation.run, tagOf(evaluation)))]),
    ...(perQuery === undefined ? [] : [writeOutputFile('--per-query', perQuery, perQueryLines(evaluation))]),
  ]);
  for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason;
}

function tagOf({ name }: Evaluation): string {
  return `nearpaper-${name}`;
}
