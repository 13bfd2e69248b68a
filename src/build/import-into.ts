/** From what is published to the corpus that an import makes of it: live changes, then what is read, then --prune. */
import { NearpaperError } from '../errors.js';
import type { Draft } from '../papers/draft.js';
import { EXAMPLES, type ImportReport } from './import-report.js';
import type { Plan } from './plan.js';
import type { ImportResult } from './progress.js';
import { readInputs } from './read-inputs.js';
import type { BuildRequest } from './request.js';

/** Errors: those of `readInputs`; `prune_refused`. */
export async function importInto(draft: Draft, plan: Plan, request: BuildRequest): Promise<ImportResult> {
  foldChanges(draft, plan, request);
  const report = await readInputs(draft, request);
  const { named } = draft;
  if (request.prune) prune(draft, request, report);
  const { papers, added, changed, removed } = draft.changes();
  const unchanged = Math.max(0, named - added - changed);
  return { ...report, papers, added, changed, unchanged, removed, sample: plan.sample };
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

/** Errors: `usage`, `prune_refused`. */
function prune(draft: Draft, request: BuildRequest, report: ImportReport): void {
  if (request.inputs.length === 0) {
    throw new NearpaperError('usage', '--prune needs the files that name what stays.');
  }
  refuseUnavailable(report);
  const doomed = draft.countUnseen();
  // The share is of what was held before: a large input must not make a large loss look small.
  const { papers, added } = draft.changes();
  const held = papers - added;
  // A file of no known format never held papers.
  const broken = report.inputs.filter(({ failure }) => failure?.kind === 'broken').length;
  if (!request.force && report.bad + broken > 0) {
    const counts = [
      ...(report.bad > 0 ? [`bad records: ${report.bad}`] : []),
      ...(broken > 0 ? [`files that are broken: ${broken}`] : []),
    ];
    throw new NearpaperError(
      'prune_refused',
      `Papers may be missing by mistake (${counts.join(', ')}). Mend the input, or add --force.`,
    );
  }
  if (!request.force && doomed > held * PRUNE_LIMIT) {
    throw new NearpaperError(
      'prune_refused',
      `--prune would remove ${doomed} of ${held} papers, over ${PRUNE_LIMIT * 100} %. If that is meant, add --force.`,
    );
  }
  draft.removeUnseen();
}

/** What is away now, by a mount or a permission, says nothing about its papers: --force is no answer to it. */
function refuseUnavailable({ inputs, emptyFolders }: ImportReport): void {
  const unavailable = inputs.flatMap(({ failure }) =>
    failure?.kind === 'unavailable' ? failure.message : [],
  );
  const reasons = [...emptyFolders.map((folder) => `there is no file in ${folder}.`), ...unavailable];
  if (reasons.length === 0) return;
  throw new NearpaperError(
    'prune_refused',
    `--prune would remove the papers of what is not there now: ${reasons.slice(0, EXAMPLES).join(' ')}`,
  );
}
