/** What an import did, for people: what was read, what became of it, and what to do about every problem. */
import { EXAMPLES, type ImportReport, PASSED_OVER, type SkippedRecord } from '../build/import-report.js';
import type { BuildResult, DryRunResult, ImportResult } from '../build/progress.js';
import { countOf } from './amounts.js';

/** Files that could not be read are named one by one up to so many. */
const SHOWN_FAILURES = 5;

/** `seconds`: the whole command's. */
export function describeImport(result: BuildResult | DryRunResult, seconds: number): string[] {
  return [
    ...describeReading(result),
    ...(result.kind === 'dry-run' ? describeDryRun(result, seconds) : describeOutcome(result, seconds)),
  ];
}

function describeReading(result: ImportResult): string[] {
  if (result.inputs.length === 0) return [];
  const { added, changed, unchanged, readingSeconds } = result;
  const became = `${added} new, ${changed} changed, ${unchanged} unchanged`;
  const files = countOf(result.inputs.length, 'input');
  return [
    `Read ${countOf(result.records, 'record')} of ${files} in ${readingSeconds.toFixed(1)} s: ${became}.`,
    ...describeFailures(result),
    ...describeSkipped(result),
    ...describeFolded(result),
    ...describeAbstracts(result),
    ...notesOf(result),
  ];
}

function describeFailures({ inputs }: ImportReport): string[] {
  const failed = inputs.filter(({ failure }) => failure !== null && failure.kind !== 'unrecognised');
  const foreign = inputs.filter(({ failure }) => failure?.kind === 'unrecognised');
  const more = failed.length - SHOWN_FAILURES;
  return [
    ...(failed.length > 0 ? [`Could not read ${countOf(failed.length, 'file')} to the end:`] : []),
    ...failed.slice(0, SHOWN_FAILURES).map(({ failure }) => `  ${failure?.message}`),
    ...(more > 0 ? [`  and ${countOf(more, 'other')}; --json lists them all.`] : []),
    ...(foreign.length > 0
      ? [`Files in no format that is read: ${foreign.length}, ${someOf(foreign.map(({ input }) => input))}.`]
      : []),
  ];
}

/** Those that no other line tells. */
function notesOf({ notes }: ImportReport): string[] {
  return notes.filter((note) => !note.startsWith(PASSED_OVER));
}

/** The first few of a list, with dots where there are more. */
function someOf(all: readonly string[]): string {
  return `${all.slice(0, EXAMPLES).join(', ')}${all.length > EXAMPLES ? ', ...' : ''}`;
}

function describeSkipped({ bad, leftOut, skipped }: ImportReport): string[] {
  const totals = [
    ...(bad > 0 ? [`Bad records skipped: ${bad}.`] : []),
    ...(leftOut > 0 ? [`Records left out: ${leftOut}.`] : []),
  ];
  const kinds = skipped.flatMap(({ what, advice, count, examples }) => [
    `  ${what}: ${count}, ${examples.map(shownRecord).join('; ')}${count > examples.length ? '; ...' : ''}`,
    `    ${advice}`,
  ]);
  return [...totals, ...kinds];
}

function shownRecord({ input, line, reason }: SkippedRecord): string {
  return line === null ? reason : `${input}, line ${line} (${reason})`;
}

function describeFolded(report: ImportReport): string[] {
  const { repeated, olderVersions, foldedExamples, replaced, shared } = report;
  const lines: string[] = [];
  const such = ` (such as ${foldedExamples.join(', ')})`;
  if (repeated > 0)
    lines.push(
      `Records whose id came before, folded (the last one won): ${repeated}${olderVersions === 0 ? such : ''}.`,
    );
  if (olderVersions > 0)
    lines.push(
      `Older versions of papers, folded into the newest: ${olderVersions}${repeated === 0 ? such : ''}.`,
    );
  if (replaced.count > 0) {
    const examples = replaced.examples.map(({ id, before, after }) => `${id}: "${before}" is now "${after}"`);
    lines.push(
      `Papers whose id came with quite another title: ${replaced.count} (${examples.join('; ')}).`,
      '  The later one is held. Where they are two papers, give each an id of its own.',
    );
  }
  if (shared.count > 0) {
    const examples = shared.examples.map((ids) => ids.join(' = ')).join('; ');
    lines.push(
      `DOIs and arXiv ids that papers of different ids share: ${shared.count} (${examples}). Answers show one paper for each.`,
    );
  }
  return lines;
}

function describeAbstracts({ abstractsJoined, withoutAbstract, papersNamed }: ImportReport): string[] {
  const lines: string[] = [];
  if (abstractsJoined > 0)
    lines.push(`Abstracts that came apart from their papers, joined: ${abstractsJoined}.`);
  if (withoutAbstract > 0) {
    lines.push(
      `Papers without an abstract (their title alone is embedded): ${withoutAbstract} of ${papersNamed}.`,
    );
  }
  return lines;
}

function describeDryRun({ papers, removed, toEmbed }: DryRunResult, seconds: number): string[] {
  const gone = removed === 0 ? '' : `, ${countOf(removed, 'paper')} removed`;
  return [
    `Dry run: nothing was written (${seconds.toFixed(1)} s). A build would hold ${countOf(papers, 'paper')}${gone} and embed up to ${countOf(toEmbed, 'text')}.`,
  ];
}

function describeOutcome(result: BuildResult, seconds: number): string[] {
  const { kind, papers, generation, added, changed, removed, embedded, recall } = result;
  const took = `${seconds.toFixed(1)} s`;
  if (kind === 'unchanged') {
    return [`Nothing changed: ${papers} papers, generation ${generation} stays (${took}).`];
  }
  const made =
    recall === null
      ? 'No HNSW index: hnswlib-node is not installed, search is exact. `nearpaper doctor` says more.'
      : `Recall@${recall.k} of the HNSW index against exact search, over ${recall.queries} papers: ${recall.recall.toFixed(4)}.`;
  return [
    `${papers} papers: ${added} added, ${changed} changed, ${removed} removed; ${embedded} texts embedded.`,
    made,
    `Published as ${generation} (${took}). A running service takes it up on SIGHUP, or by itself with --follow.`,
  ];
}
