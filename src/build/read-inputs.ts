/** The first stage: every record of every input becomes a stored paper, or a reported reason why not. */
import { access, constants, stat } from 'node:fs/promises';
import { messageOf, NearpaperError } from '../errors.js';
import type { Draft } from '../papers/draft.js';
import { normalisePaper } from '../papers/formats/normalise.js';
import { readPapers } from '../papers/formats/read-papers.js';
import type { IncomingPaper } from '../papers/paper.js';
import type { ReadingSummary } from './progress.js';
import type { BuildRequest } from './request.js';

/** Papers stored in one transaction. */
const BATCH = 500;

/** Fails before any work when an input cannot be read. Errors: `input_unreadable`. */
export async function checkInputs(inputs: readonly string[]): Promise<void> {
  for (const input of inputs) {
    if (input === '-') continue;
    try {
      await access(input, constants.R_OK);
    } catch (thrown) {
      throw new NearpaperError('input_unreadable', `Cannot read ${input}: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    }
    if ((await stat(input)).isDirectory()) {
      throw new NearpaperError(
        'input_unreadable',
        `${input} is a folder. Name the files in it, such as ${input}/*.jsonl.`,
      );
    }
  }
  if (inputs.filter((input) => input === '-').length > 1) {
    throw new NearpaperError('usage', 'Standard input (-) can be named only once.');
  }
}

/** Errors: `input_unreadable`, `input_empty` when an input has no paper at all, `bad_record` with --strict, `cancelled`. */
export async function readInputs(draft: Draft, request: BuildRequest): Promise<ReadingSummary> {
  const summary: ReadingSummary = { records: 0, bad: 0, repeated: 0, olderVersions: 0, withoutAbstract: 0 };
  for (const input of request.inputs) await readInput(draft, input, summary, request);
  draft.settleIds();
  return summary;
}

async function readInput(
  draft: Draft,
  input: string,
  summary: ReadingSummary,
  request: BuildRequest,
): Promise<void> {
  const { stdin, signal } = request;
  const reading = await readPapers(input, { stdin, format: request.format, signal });
  const name = reading.source;
  const format = reading.format ?? 'empty';
  const before = { ...summary };
  let batch: IncomingPaper[] = [];
  const showProgress = () => {
    const records = summary.records - before.records;
    request.onEvent({ kind: 'reading', input: name, format, records });
  };
  const store = () => {
    for (const outcome of draft.upsert(batch)) {
      if (outcome.kind === 'repeated') summary.repeated++;
      if (outcome.kind === 'older_version') summary.olderVersions++;
    }
    batch = [];
    showProgress();
  };
  const skip = (line: number, reason: string) => {
    summary.bad++;
    if (request.strict) {
      throw new NearpaperError(
        'bad_record',
        `${name}, line ${line}: ${reason}. Without --strict it would be skipped.`,
      );
    }
    request.onEvent({ kind: 'skipped', input: name, line, reason });
  };

  showProgress();
  for await (const outcome of reading.outcomes) {
    request.signal.throwIfAborted();
    summary.records++;
    if (outcome.kind === 'bad') {
      skip(outcome.line, outcome.reason);
      continue;
    }
    const normalised = normalisePaper(outcome.paper);
    if (!normalised.ok) {
      skip(outcome.line, normalised.reason);
      continue;
    }
    if (normalised.paper.abstract === '') summary.withoutAbstract++;
    batch.push(normalised.paper);
    if (batch.length >= BATCH) store();
  }
  if (batch.length > 0) store();
  const records = summary.records - before.records;
  const bad = summary.bad - before.bad;
  request.onEvent({ kind: 'read', input: name, format, records, bad });
  for (const message of reading.notes()) request.onEvent({ kind: 'note', message });
  if (records === bad) {
    const found = records === 0 ? 'it is empty' : `all of its ${records} records are bad`;
    throw new NearpaperError(
      'input_empty',
      `No paper found in ${name}: ${found}. The index stays as it was.`,
    );
  }
}
