/** `nearpaper export`: the corpus as `nearpaper build` reads it, with every acknowledged change. */
import { join } from 'node:path';
import { NearpaperError } from '../errors.js';
import type { Overlay } from '../generations/overlay.js';
import { corpusOf, openPublished } from '../open-corpus.js';
import { textHash } from '../papers/paper-row.js';
import { openStoredVectors } from '../papers/store-check.js';
import type { PaperView } from '../recommend/answer.js';
import { pagesOf } from './all-papers.js';
import { countOf } from './amounts.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printInTime, printLine } from './output.js';
import { checkOutputFiles, streamOutputFile } from './output-file.js';
import { listQuery } from './query-request.js';

export interface ExportFlags extends SettingFlags {
  vectors?: boolean;
  json?: boolean;
}

export async function exportCommand(
  context: CommandContext,
  path: string,
  flags: ExportFlags,
): Promise<void> {
  const { signal, stdout, stderr } = context;
  const config = configOf(context, flags);
  if (path !== '-') await checkOutputFiles([{ flag: 'file', path }], [], [config.indexFolder]);
  const overlay = await openPublished(config);
  const lines = new Lines(flags.vectors ? vectorsOf(overlay, config.indexFolder) : undefined);
  try {
    const corpus = corpusOf(overlay);
    const written = lines.of(pagesOf(corpus, listQuery({ all: true, json: true }, config.limits), signal));
    if (path === '-') {
      for await (const line of written) if (!(await printInTime(stdout, line, signal))) return;
    } else await streamOutputFile('file', path, written, signal);
    const report = { file: path === '-' ? null : path, generation: corpus.generation, papers: lines.papers };
    // The papers have standard output for themselves.
    const told = path === '-' ? stderr : stdout;
    if (flags.json) printLine(told, JSON.stringify(report, null, 2));
    else printLine(told, `${countOf(lines.papers, 'paper')} of ${corpus.generation} ${whereTo(path)}.`);
  } finally {
    lines.close();
    await overlay.close();
  }
}

function whereTo(path: string): string {
  return path === '-' ? 'written' : `written to ${path}`;
}

/** Papers as lines of JSON, counted. */
class Lines {
  papers = 0;
  readonly #vectors: Vectors | undefined;

  constructor(vectors: Vectors | undefined) {
    this.#vectors = vectors;
  }

  async *of(pages: AsyncIterable<PaperView[]>): AsyncGenerator<string, void, undefined> {
    for await (const papers of pages) {
      for (const paper of papers) {
        this.papers++;
        yield JSON.stringify(this.#vectors === undefined ? paper : { ...paper, ...this.#vectors.of(paper) });
      }
    }
  }

  close(): void {
    this.#vectors?.close();
  }
}

interface Vectors {
  of(paper: PaperView): { model: string; vector: number[] };
  close(): void;
}

/** What stands for each paper: as it was embedded, before the index rounded it to 16 bits. */
function vectorsOf({ generation: { manifest }, pending }: Overlay, indexFolder: string): Vectors {
  const { fingerprint } = manifest.model;
  const path = join(indexFolder, manifest.generation, manifest.store.file);
  const stored = openStoredVectors(path, fingerprint);
  const changed = new Map<string, Float32Array>();
  for (const change of pending)
    if (change.kind === 'put') changed.set(textHash(change.paper).toString('hex'), change.vector);
  return {
    of({ id, title = '', abstract = '' }) {
      const text = { title, abstract };
      const vector = changed.get(textHash(text).toString('hex')) ?? stored.of(text);
      if (vector !== undefined) return { model: fingerprint, vector: Array.from(vector, shortest) };
      throw new NearpaperError(
        'index_damaged',
        `There is no vector of ${id}. \`nearpaper verify\` says what mends it.`,
      );
    },
    close: () => stored.close(),
  };
}

/** Digits after which a 32-bit float can be told from its neighbours: at least 6, at most 9. */
const DIGITS = [6, 7, 8];

/** The number with the fewest digits that is this 32-bit float, of 24 bits or 0, once it is rounded to one. */
export function shortest(float: number): number {
  for (const digits of DIGITS) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return Number(float.toPrecision(9));
}
