/** The first stage: every record of every input becomes a stored paper, or a reported reason why not. */
import { access, constants } from 'node:fs/promises';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import type { Draft } from '../papers/draft.js';
import type { Replaced } from '../papers/draft-input.js';
import { normaliseAbstract, normalisePaper } from '../papers/formats/normalise.js';
import { PROBLEMS, type Problem } from '../papers/formats/problems.js';
import { type PaperReading, readPapers } from '../papers/formats/read-papers.js';
import type { HeldAbstract } from '../papers/held-abstracts.js';
import type { IncomingPaper, ReadOutcome } from '../papers/paper.js';
import {
  Counted,
  EXAMPLES,
  type ImportReport,
  type InputFailure,
  type InputReport,
  PASSED_OVER,
  SkippedRecords,
} from './import-report.js';
import { emptyFolders, expandInputs, type Input } from './inputs.js';
import type { BuildRequest } from './request.js';

/** Papers stored in one transaction. */
const BATCH = 500;

/** Fails before any work when an input cannot be read. Errors: `input_unreadable`. */
export async function checkInputs({ inputs, passOver = false }: BuildRequest): Promise<void> {
  for (const input of passOver ? [] : inputs) {
    if (input === '-') continue;
    try {
      await access(input, constants.R_OK);
    } catch (thrown) {
      throw new NearpaperError('input_unreadable', `Cannot read ${input}: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    }
  }
  if (inputs.filter((input) => input === '-').length > 1) {
    throw new NearpaperError('usage', 'Standard input (-) can be named only once.');
  }
}

/**
 * Reads files and the files of folders into the draft. A file that was named must be readable to its end and hold a paper;
 * one that was found in a folder is told of and passed over where it is not, and so is a named one with `passOver`.
 * Errors: `input_unreadable`, `input_empty`, `bad_record` with --strict, `cancelled`.
 */
export async function readInputs(draft: Draft, request: BuildRequest): Promise<ImportReport> {
  const started = performance.now();
  const inputs = await expandInputs(request.inputs, request.indexFolder);
  const importing = new Importing(draft, request);
  for (const folder of emptyFolders(request.inputs, inputs)) importing.tellEmpty(folder);
  for (const input of inputs) await importing.read(input);
  return importing.finish(started);
}

/** One import while it runs. */
class Importing {
  readonly #draft: Draft;
  readonly #request: BuildRequest;
  readonly #skipped = new SkippedRecords();
  readonly #inputs: InputReport[] = [];
  readonly #emptyFolders: string[] = [];
  readonly #notes: string[] = [];
  readonly #folded: string[] = [];
  readonly #replaced = new Counted<Replaced>();
  readonly #counts = { records: 0, repeated: 0, olderVersions: 0, abstracts: 0 };
  #papers: IncomingPaper[] = [];
  #abstracts: HeldAbstract[] = [];

  constructor(draft: Draft, request: BuildRequest) {
    this.#draft = draft;
    this.#request = request;
  }

  tellEmpty(folder: string): void {
    this.#emptyFolders.push(folder);
    this.#note(`There is no file in ${folder}.`);
  }

  async read({ path, within }: Input): Promise<void> {
    const { format, stdin, strict, signal, passOver = false } = this.#request;
    const mayFail = (within !== null || passOver) && !strict;
    const report: InputReport = { input: path, format: null, records: 0, bad: 0, leftOut: 0, failure: null };
    try {
      const reading = await readPapers(path, { stdin, format, signal, strictEncoding: strict });
      Object.assign(report, { input: reading.source, format: reading.format });
      await this.#readAll(reading, report);
      if (!isUseful(report)) report.failure = { kind: 'empty', message: nothingIn(report) };
    } catch (thrown) {
      if (!mayFail || !isUnreadable(thrown)) throw thrown;
      // What was read before it broke is stored, and stays.
      this.#store();
      report.failure = failureOf(thrown, report);
    }
    this.#inputs.push(report);
    if (report.failure === null) return;
    if (!mayFail) throw nothingFound(report.failure.message);
    this.#note(`${PASSED_OVER}${report.failure.message}`);
  }

  async #readAll(reading: PaperReading, report: InputReport): Promise<void> {
    const { signal, onEvent } = this.#request;
    const { input, format } = { input: report.input, format: report.format ?? 'empty' };
    const showProgress = () => onEvent({ kind: 'reading', input, format, records: report.records });
    showProgress();
    for await (const outcome of reading.outcomes) {
      signal.throwIfAborted();
      this.#counts.records++;
      report.records++;
      this.#take(outcome, report);
      if (this.#papers.length + this.#abstracts.length < BATCH) continue;
      this.#store();
      showProgress();
    }
    this.#store();
    const { records, bad } = report;
    onEvent({ kind: 'read', input, format, records, bad });
    for (const message of reading.notes()) this.#note(message);
  }

  #take(outcome: ReadOutcome, report: InputReport): void {
    if (outcome.kind === 'bad') {
      this.#skip(report, outcome.line, outcome.problem, outcome.reason);
    } else if (outcome.kind === 'abstract') {
      const clean = normaliseAbstract(outcome.abstract);
      if (clean.ok) {
        this.#abstracts.push({ id: outcome.id, abstract: clean.abstract });
        this.#counts.abstracts++;
      } else this.#skip(report, outcome.line, clean.problem, clean.reason);
    } else {
      const clean = normalisePaper(outcome.paper);
      if (!clean.ok) this.#skip(report, outcome.line, clean.problem, clean.reason);
      else
        this.#papers.push(
          outcome.abstractElsewhere ? { ...clean.paper, abstractElsewhere: true } : clean.paper,
        );
    }
  }

  #skip(report: InputReport, line: number, problem: Problem, reason: string): void {
    const { strict, onEvent } = this.#request;
    const { input } = report;
    this.#skipped.add(problem, { input, line, reason });
    if (!PROBLEMS[problem].isFault) {
      report.leftOut++;
      return;
    }
    report.bad++;
    if (strict) {
      throw new NearpaperError(
        'bad_record',
        `${input}, line ${line}: ${reason}. Without --strict it would be skipped.`,
      );
    }
    onEvent({ kind: 'skipped', input, line, reason });
  }

  #store(): void {
    for (const outcome of this.#draft.upsert(this.#papers)) {
      if (outcome.kind !== 'older_version' && outcome.replaced !== undefined)
        this.#replaced.add(outcome.replaced);
      if (outcome.kind === 'stored') continue;
      if (outcome.kind === 'repeated') this.#counts.repeated++;
      else this.#counts.olderVersions++;
      if (this.#folded.length < EXAMPLES) this.#folded.push(outcome.id);
    }
    if (this.#abstracts.length > 0) this.#draft.holdAbstracts(this.#abstracts);
    this.#papers = [];
    this.#abstracts = [];
  }

  #note(message: string): void {
    this.#notes.push(message);
    this.#request.onEvent({ kind: 'note', message });
  }

  finish(started: number): ImportReport {
    const { inputs, passOver = false } = this.#request;
    if (inputs.length > 0 && !passOver && !this.#inputs.some(isUseful))
      throw nothingFound(nothingInAny(inputs, this.#inputs));
    this.#draft.settleIds();
    const { held, joined, withoutPaper } = this.#draft.settleAbstracts(EXAMPLES);
    const lost = withoutPaper.ids.map((id) => ({ input: 'the abstracts', line: null, reason: id }));
    this.#skipped.addMany('abstract_without_paper', withoutPaper.count, lost);
    return {
      inputs: this.#inputs,
      emptyFolders: this.#emptyFolders,
      ...this.#counts,
      // Of several abstracts of one paper the last counts.
      repeated: this.#counts.repeated + this.#counts.abstracts - held,
      papersNamed: this.#draft.named,
      withoutAbstract: this.#draft.namedWithoutAbstract,
      bad: this.#skipped.bad,
      leftOut: this.#skipped.leftOut,
      skipped: this.#skipped.kinds(),
      foldedExamples: this.#folded,
      replaced: this.#replaced,
      shared: inputs.length === 0 ? { count: 0, examples: [] } : this.#draft.twins(EXAMPLES),
      abstractsJoined: joined,
      notes: this.#notes,
      readingSeconds: (performance.now() - started) / 1000,
    };
  }
}

function isUnreadable(thrown: unknown): thrown is NearpaperError {
  return thrown instanceof NearpaperError && thrown.code === 'input_unreadable';
}

/** Names that promise papers: what is in no known format was damaged, or is the page of an error. */
const PAPERS = /\.(?:jsonl|ndjson|json|csv|tsv|bib|ris|xml|gz)$/i;

function failureOf(thrown: NearpaperError, { input, format }: InputReport): InputFailure {
  const { message } = thrown;
  const code = systemCode(thrown.cause);
  if (code !== undefined && !code.startsWith('Z_')) return { kind: 'unavailable', message };
  const isForeign = format === null && code === undefined && !PAPERS.test(input);
  return { kind: isForeign ? 'unrecognised' : 'broken', message };
}

/** Whether there is anything right about it: a page of nothing but deleted records is a page. */
function isUseful({ records, bad }: InputReport): boolean {
  return records > bad;
}

function nothingIn({ input, records }: InputReport): string {
  return `No paper found in ${input}: ${records === 0 ? 'it is empty' : `all of its ${records} records are bad`}.`;
}

function nothingInAny(names: readonly string[], inputs: readonly InputReport[]): string {
  const files = inputs.length === 0 ? 'there is no file in it' : 'none of its files could be used';
  const reasons = inputs.flatMap(({ failure }) => failure?.message ?? []).slice(0, EXAMPLES);
  return [`No paper found in ${names.join(', ')}: ${files}.`, ...reasons].join(' ');
}

function nothingFound(reason: string): NearpaperError {
  return new NearpaperError('input_empty', `${reason} The index stays as it was.`);
}
