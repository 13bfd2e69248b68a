/** What a generation's folder holds, written last and read first. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { EXACT_FILE } from '../vectors/exact-file.js';
import { GRAPH_FILE } from '../vectors/graph-file.js';

export const MANIFEST_FILE = 'manifest.json';
export const STORE_FILE = 'papers.db';
/** Raised when a manifest gets fields that older versions would misread. */
const MANIFEST_VERSION = 1;

/** Name of a journal, in the index folder beside the generations. */
export const JOURNAL = /^changes-[0-9a-f]{8}\.db$/;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'a plain file name');

const storeFile = z.object({ file: fileName, sha256, bytes: count });
const indexFile = storeFile.extend({ count, dimensions: z.number().int().positive() });
const hnswFile = indexFile.extend({
  M: z.number().int().positive(),
  efConstruction: z.number().int().positive(),
  ef: z.number().int().positive(),
});

const keywordFile = storeFile.extend({
  papers: count,
  terms: count,
  /** Mean length of a paper in terms, by which live changes are scored like the rest; null in older generations. */
  meanTerms: z.number().positive().nullable().default(null),
});

const percentileTable = z.object({
  pairs: count,
  points: z.array(z.tuple([z.number(), z.number()])),
});
const lengthPoint = z.object({ words: z.number().positive(), similarity: z.number() });
const calibration = z.object({
  percentiles: z.object({ paper: percentileTable.nullable(), text: percentileTable.nullable() }),
  floor: z.object({ title: lengthPoint, abstract: lengthPoint.nullable() }).nullable(),
});

const manifestSchema = z.object({
  version: z.literal(MANIFEST_VERSION),
  generation: z.string().min(1),
  created: z.string(),
  /** True for the corpus that ships with nearpaper, which a user's first build replaces. */
  sample: z.boolean(),
  papers: count,
  model: z.object({
    name: z.string(),
    /** The value of NEARPAPER_MODEL that finds this model again. */
    setting: z.string(),
    fingerprint: z.string(),
    dimensions: z.number().int().positive(),
  }),
  store: storeFile,
  /** The journal whose changes up to `seq` it contains; null in generations from before there were journals. */
  changes: z
    .object({ journal: z.string().regex(JOURNAL), seq: count })
    .nullable()
    .default(null),
  vectors: z.object({ exact: indexFile, hnsw: hnswFile.nullable() }),
  /** Null in a generation of version 0.1, which a build without files brings up to date. */
  keywords: keywordFile.nullable().default(null),
  /** What similarities mean in this corpus; null as above. */
  calibration: calibration.nullable().default(null),
  /** recall@k of the HNSW index against exact search, measured when it was built; null without HNSW. */
  recall: z.object({ recall: z.number(), k: count, queries: count }).nullable(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type StoreFile = z.infer<typeof storeFile>;

export function newManifest(fields: Omit<Manifest, 'version'>): Manifest {
  return { version: MANIFEST_VERSION, ...fields };
}

/**
 * Whether its vectors are in the format of today: another format has files of other names, and a build without
 * files writes these anew from the store's embeddings.
 */
export function hasCurrentVectors({ vectors: { exact, hnsw } }: Manifest): boolean {
  return exact.file === EXACT_FILE && (hnsw === null || hnsw.file === GRAPH_FILE);
}

/**
 * A manifest as it is written: with a checksum over the rest, since a flipped bit in a number is a number. Files of
 * older versions have none.
 */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, checksum: checksumOf(manifest) }, null, 2)}\n`;
}

function checksumOf(rest: object): string {
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}

/** White space does not count: what it says is what must not change. */
function isAsWritten(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || !('checksum' in json)) return true;
  const { checksum, ...rest } = json;
  return checksum === checksumOf(rest);
}

/** Errors: `index_damaged` when it is missing, cut short, altered or not a manifest; `schema_newer`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    const why = systemCode(thrown) === 'ENOENT' ? 'is missing' : `cannot be read (${messageOf(thrown)})`;
    throw new NearpaperError('index_damaged', `${path} ${why}. ${REBUILD}`, { cause: thrown });
  }
  if (!isAsWritten(json)) {
    throw new NearpaperError('index_damaged', `${path} is not as it was written. ${REBUILD}`);
  }
  const version = z.object({ version: z.number() }).safeParse(json);
  if (version.success && version.data.version > MANIFEST_VERSION) {
    throw new NearpaperError('schema_newer', `${path} was written by a newer nearpaper. Update nearpaper.`);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new NearpaperError('index_damaged', `${path} is not a valid manifest (${where}). ${REBUILD}`);
  }
  return parsed.data;
}

/** What mends a generation whose store or manifest is damaged. A damaged index alone is made again by `nearpaper build`. */
export const REBUILD =
  'Restore a backup with `nearpaper restore <folder>`, or build afresh from your papers: `nearpaper build --fresh <file>`.';
