/** What a build would make of its input, found out without touching the index. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STORE_FILE } from '../generations/manifest.js';
import { openDraft } from '../papers/draft.js';
import { importInto } from './import-into.js';
import { planOf, storeOf } from './plan.js';
import type { DryRunResult } from './progress.js';
import { checkInputs } from './read-inputs.js';
import type { BuildRequest } from './request.js';

/**
 * Reads the input into a copy of the corpus, which lies in the system's folder for temporary files and goes afterwards. Needs
 * no lock: the index may be served, written and read-only meanwhile. Errors: as `build`.
 */
export async function dryRun(given: BuildRequest): Promise<DryRunResult> {
  const request = { ...given, isDry: true };
  await checkInputs(request);
  const plan = await planOf(request);
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-dry-run-'));
  try {
    const draft = openDraft(join(folder, STORE_FILE), {
      papers: plan.base && storeOf(plan.base),
      embeddings: plan.published && storeOf(plan.published),
    });
    try {
      const { result } = await importInto(draft, plan, request);
      return { kind: 'dry-run', ...result, toEmbed: draft.pendingLabels(plan.model.fingerprint).length };
    } finally {
      draft.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
