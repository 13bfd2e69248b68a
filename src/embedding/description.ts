import { createHash } from 'node:crypto';
import { TEMPLATE_VERSION } from './document-text.js';

/** How the vectors of a text's tokens become one: their mean, or the first token's ([CLS]). */
export type Pooling = 'mean' | 'cls';

/** Number format of the weights: 8 bits in one of three layouts, or 32-bit floats. */
export type Dtype = 'q8' | 'int8' | 'uint8' | 'fp32';

/** How the name of an ONNX file ends for each number format; Transformers.js finds the file by it. */
export const DTYPE_SUFFIX: Readonly<Record<Dtype, string>> = {
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  fp32: '',
};

export interface QueryPrefix {
  text: string;
  /** Longest query, in characters, that gets the prefix; null when every query does. */
  upToCharacters: number | null;
}

/** What the vectors of a model depend on, besides the bytes of its files. */
export interface ModelSettings {
  pooling: Pooling;
  documentPrefix: string;
  queryPrefix: QueryPrefix;
  /** Tokens read of a text, special ones included. */
  window: number;
  /** Length of a vector. */
  dimensions: number;
  dtype: Dtype;
  /** The weights, as a path within the folder, with forward slashes. */
  onnxFile: string;
}

/** A model that is there, complete and unaltered. Plain data: it is copied to each worker. */
export interface ModelDescription extends ModelSettings {
  /** For people: the vendored name, the hub's id or the folder's name. */
  name: string;
  /** Absolute path. */
  folder: string;
  /** Where the model comes from, if it is known. */
  origin: string | null;
  /** SPDX identifier of the weights' licence, if it is known. */
  licence: string | null;
  /** 16 hexadecimal digits that identify everything a vector depends on. */
  fingerprint: string;
  /** What was taken for granted because no file of the model says it; for the log. */
  assumptions: string[];
}

/** The files that decide which tokens a text becomes; Transformers.js reads no other tokenizer file. */
export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

/**
 * Raise when this folder's code comes to make another vector of the same text: how a text is cut to the
 * window, pooled or normalised.
 */
const INFERENCE_VERSION = 1;

/**
 * The first 16 hexadecimal digits of the SHA-256 of canonical JSON (keys sorted) over everything a vector
 * depends on. Neither the name, the paths nor the number of workers is in it; config.json is not, because it
 * only repeats what the weights already are.
 * @param digests lower-case hexadecimal SHA-256 of the weights and tokenizer files, by path within the folder
 */
export function fingerprintOf(settings: ModelSettings, digests: ReadonlyMap<string, string>): string {
  const facts: Record<string, unknown> = {
    dimensions: settings.dimensions,
    documentPrefix: settings.documentPrefix,
    dtype: settings.dtype,
    inference: INFERENCE_VERSION,
    normalisation: 'l2',
    pooling: settings.pooling,
    queryPrefix: settings.queryPrefix.text,
    queryPrefixUpTo: settings.queryPrefix.text === '' ? null : settings.queryPrefix.upToCharacters,
    template: TEMPLATE_VERSION,
    // Files by what they are, not what they are called: a renamed file changes no vector.
    tokenizer: TOKENIZER_FILES.map((file) => digests.get(file) ?? null),
    weights: weightFiles(settings.onnxFile).map((file) => digests.get(file) ?? null),
    window: settings.window,
  };
  const canonical = JSON.stringify(facts, Object.keys(facts).sort());
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}

/** The weights' file, and the second one in which large exports keep their numbers. */
export function weightFiles(onnxFile: string): [string, string] {
  return [onnxFile, `${onnxFile}_data`];
}
