/** The last file of a generation: what it holds, and what it was made with. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ModelDescription } from '../embedding/model.js';
import { describeFile } from '../generations/digest.js';
import { journalOf, newJournalName } from '../generations/journal-name.js';
import {
  MANIFEST_FILE,
  type Manifest,
  manifestText,
  newManifest,
  STORE_FILE,
} from '../generations/manifest.js';
import type { KeywordFile } from '../keywords/keyword-file.js';
import type { Calibration } from '../recommend/calibration.js';
import type { BuiltVectors } from './index-vectors.js';
import type { Plan } from './plan.js';

interface ManifestParts {
  name: string;
  sample: boolean;
  model: ModelDescription;
  setting: string;
  papers: number;
  changes: NonNullable<Manifest['changes']>;
  vectors: BuiltVectors;
  keywords: KeywordFile;
  calibration: Calibration;
}

export async function writeManifest(building: string, parts: ManifestParts): Promise<void> {
  const { name, sample, model, setting, papers, changes, vectors, keywords, calibration } = parts;
  const manifest = newManifest({
    generation: name,
    created: new Date().toISOString(),
    sample,
    papers,
    model: {
      name: model.name,
      setting: lastingSetting(setting, model),
      fingerprint: model.fingerprint,
      dimensions: model.dimensions,
    },
    store: { file: STORE_FILE, ...(await describeFile(join(building, STORE_FILE))) },
    changes,
    vectors: { exact: vectors.exact, hnsw: vectors.hnsw },
    recall: vectors.recall,
    keywords: { ...keywords, meanTerms: keywords.meanTerms ?? null },
    calibration,
  });
  await writeFile(join(building, MANIFEST_FILE), manifestText(manifest));
}

/** A relative path means another folder to a process that runs elsewhere. */
function lastingSetting(setting: string, { name, folder }: ModelDescription): string {
  return setting !== name && resolve(setting) === folder ? folder : setting;
}

/**
 * The journal that the generation goes on with. A service's next generation goes on with the service's own, which holds
 * what came meanwhile; a build has made everything part of it, and begins another: so the generation before, with its
 * journal, stays whole for a way back, and no label comes to mean two papers.
 */
export function containedChanges(
  name: string,
  { base, pending, besideService }: Plan,
  indexFolder: string,
): NonNullable<Manifest['changes']> {
  const place = base === null || !besideService ? null : journalOf(indexFolder, base.manifest);
  if (place === null) return { journal: newJournalName(name), seq: 0 };
  return { journal: place.file, seq: pending.at(-1)?.seq ?? place.seq };
}
