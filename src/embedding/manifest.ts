import { isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import { NearpaperError } from '../errors.js';
import {
  DTYPE_SUFFIX,
  fingerprintOf,
  type ModelDescription,
  TOKENIZER_FILES,
  weightFiles,
} from './description.js';
import { missingFile, readJson, sha256Of, sizeOf } from './model-files.js';

/** Name of the file that describes a model and pins its files. */
export const MANIFEST = 'nearpaper.json';

const relativePath = z
  .string()
  .min(1)
  .refine((path) => !isAbsolute(path) && !normalize(path).startsWith('..'), 'must lie within the folder');

const digest = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'),
  bytes: z.int().positive(),
});

const manifest = z
  .strictObject({
    name: z.string().min(1),
    origin: z.url(),
    /** SPDX identifier. */
    licence: z.string().min(1),
    pooling: z.enum(['mean', 'cls']),
    documentPrefix: z.string(),
    queryPrefix: z.strictObject({ text: z.string(), upToCharacters: z.int().positive().nullable() }),
    window: z.int().min(8),
    dimensions: z.int().positive(),
    dtype: z.enum(['q8', 'int8', 'uint8', 'fp32']),
    onnxFile: relativePath,
    files: z.record(relativePath, digest),
  })
  .superRefine((described, context) => {
    for (const file of ['config.json', ...TOKENIZER_FILES, described.onnxFile]) {
      if (!(file in described.files)) {
        context.addIssue({ code: 'custom', path: ['files'], message: `must list ${file}` });
      }
    }
    if (!described.onnxFile.endsWith(`${DTYPE_SUFFIX[described.dtype]}.onnx`)) {
      const ending = `${DTYPE_SUFFIX[described.dtype]}.onnx`;
      context.addIssue({ code: 'custom', path: ['onnxFile'], message: `must end in ${ending}` });
    }
  });

type Manifest = z.infer<typeof manifest>;

/**
 * The model of a folder that has a nearpaper.json, every file of it verified; undefined when the folder has
 * none.
 * Errors: `model_damaged` when a file is not the one that was pinned, `model_missing` when one is absent.
 */
export async function readPinnedModel(folder: string): Promise<ModelDescription | undefined> {
  const described = await readJson(folder, MANIFEST, manifest);
  if (described === undefined) return undefined;
  await verifyFiles(folder, described);
  const { files, ...settings } = described;
  const digests = new Map(Object.entries(files).map(([file, { sha256 }]) => [file, sha256]));
  await refuseUnpinnedWeights(folder, settings.onnxFile, digests);
  return { ...settings, folder, fingerprint: fingerprintOf(settings, digests), assumptions: [] };
}

async function verifyFiles(folder: string, { files, origin }: Manifest): Promise<void> {
  for (const [file, expected] of Object.entries(files)) {
    const path = join(folder, file);
    const bytes = await sizeOf(path);
    if (bytes === undefined) throw missingFile(folder, file);
    if (bytes !== expected.bytes) {
      throw damaged(path, `${expected.bytes} bytes`, `${bytes} bytes`, origin);
    }
    const sha256 = await sha256Of(path);
    if (sha256 !== expected.sha256) {
      throw damaged(path, `SHA-256 ${expected.sha256}`, sha256, origin);
    }
  }
}

/** The runtime would read a second weights file by itself; one that nobody pinned would go unverified. */
async function refuseUnpinnedWeights(
  folder: string,
  onnxFile: string,
  digests: ReadonlyMap<string, string>,
): Promise<void> {
  for (const file of weightFiles(onnxFile)) {
    if (digests.has(file) || (await sizeOf(join(folder, file))) === undefined) continue;
    throw new NearpaperError('model_damaged', `${MANIFEST} in ${folder} must list ${file} among its files.`);
  }
}

function damaged(path: string, expected: string, found: string, origin: string): NearpaperError {
  return new NearpaperError(
    'model_damaged',
    `${path} is damaged or was replaced: expected ${expected}, found ${found}. ` +
      `Install nearpaper again, or restore the file from a good copy (the model comes from ${origin}).`,
  );
}
