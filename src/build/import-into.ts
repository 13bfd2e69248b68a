/** From what is published to the corpus that an import makes of it: live changes, then what is read, then --prune. */
import { NearpaperError } from '../errors.js';
import type { Draft } from '../papers/draft.js';
import { EXAMPLES, type ImportReport, type InputReport } from './import-report.js';
import type { Plan } from './plan.js';
import type { ImportResult } from './progress.js';
import { readInputs } from './read-inputs.js';
import type { BuildRequest } from './request.js';

export interface Import {
  result: ImportResult;
  /** Whether anything is different from what is published, by the input or by live changes. */
  isNews: boolean;
}

/** Errors: those of `readInputs`; `prune_refused`. */
export async function importInto(draft: Draft, plan: Plan, request: BuildRequest): Promise<Import> {
  foldChanges(draft, plan, request);
  // What live changes made of the corpus is not what the input does.
  const held = draft.size;
  const changedLive = plan.pending.length === 0 ? 0 : draft.changes().changed;
  const report = await readInputs(draft, request);
  const { papersNamed } = report;
  const removed = request.prune ? prune(draft, request, report, held) : 0;
  const since = draft.changes();
  const added = since.papers - held + removed;
  const changed = Math.max(0, since.changed - changedLive);
  const unchanged = Math.max(0, papersNamed - added - changed);
  const { papers } = since;
  const result = { ...report, papers, added, changed, unchanged, removed, sample: plan.sample };
  return { result, isNews: since.added + since.changed + since.removed > 0 };
}

/** What is acknowledged and not in the published generation becomes part of the next one. */
function foldChanges(draft: Draft, { base, pending }: Plan, { onEvent }: BuildRequest): void {
  if (base === null || pending.length === 0) return;
  draft.applyChanges(base.manifest.model.fingerprint, pending);
  const count = pending.length === 1 ? 'One live change becomes' : `${pending.length} live changes become`;
  onEvent({ kind: 'note', message: `${count} part of the index.` });
}

/** The largest share of the corpus that --prune removes without --force. */
const PRUNE_LIMIT = 0.2;

/**
 * Removes what the input did not name; returns how many papers. `held`: how many there were before it.
 * Errors: `usage`, `prune_refused`, `input_unreadable`.
 */
function prune(draft: Draft, request: BuildRequest, report: ImportReport, held: number): number {
  if (request.inputs.length === 0) {
    throw new NearpaperError('usage', '--prune needs the files that name what stays.');
  }
  refuseUnavailable(report);
  const doomed = draft.countUnseen();
  const broken = report.inputs.filter(isBroken).map(({ input }) => input);
  if (!request.force && report.bad + broken.length > 0) {
    const more = broken.length > EXAMPLES ? ', ...' : '';
    const counts = [
      ...(report.bad > 0 ? [`bad records: ${report.bad}`] : []),
      ...(broken.length > 0
        ? [`broken files: ${broken.length}, ${broken.slice(0, EXAMPLES).join(', ')}${more}`]
        : []),
    ];
    throw new NearpaperError(
      'prune_refused',
      `Papers may be missing by mistake (${counts.join('; ')}). Mend the input, or add --force.`,
    );
  }
  // The share is of what was held before: a large input must not make a large loss look small.
  if (!request.force && doomed > held * PRUNE_LIMIT) {
    throw new NearpaperError(
      'prune_refused',
      `--prune would remove ${doomed} of ${held} papers, over ${PRUNE_LIMIT * 100} %. If that is meant, add --force.`,
    );
  }
  return draft.removeUnseen();
}

function isBroken({ failure }: InputReport): boolean {
  return failure?.kind === 'broken' || failure?.kind === 'empty';
}

/** What is away now, by a mount or a permission, says nothing about its papers: --force is no answer to it. */
function refuseUnavailable({ inputs, emptyFolders }: ImportReport): void {
  const unavailable = inputs.flatMap(({ failure }) =>
    failure?.kind === 'unavailable' ? failure.message : [],
  );
  const reasons = [...emptyFolders.map((folder) => `there is no file in ${folder}.`), ...unavailable];
  if (reasons.length === 0) return;
  throw new NearpaperError(
    'input_unreadable',
    `--prune would remove the papers of what is not there now: ${reasons.slice(0, EXAMPLES).join(' ')}`,
  );
}
