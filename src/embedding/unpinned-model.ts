import { basename, join } from 'node:path';
import { z } from 'zod';
import { NearpaperError } from '../errors.js';
import {
  type Dtype,
  fingerprintOf,
  type ModelDescription,
  type Pooling,
  TOKENIZER_FILES,
  weightFiles,
} from './description.js';
import { missingFile, readJson, sha256Of, sizeOf } from './model-files.js';

/** Weights in the order of preference: 8 bits are fast enough for a processor, and cost no quality that shows. */
export const ONNX_FILES: readonly (readonly [file: string, dtype: Dtype])[] = [
  ['onnx/model_quantized.onnx', 'q8'],
  ['onnx/model_int8.onnx', 'int8'],
  ['onnx/model_uint8.onnx', 'uint8'],
  ['onnx/model.onnx', 'fp32'],
  ['model_quantized.onnx', 'q8'],
  ['model.onnx', 'fp32'],
];

/** tokenizer_config.json says 10^30 where its author knew no limit; no encoder's window comes near this. */
const LARGEST_WINDOW = 100_000;
const ASSUMED_WINDOW = 512;

/** These count positions from the padding token's id on, so that two of them are never used. */
const OFFSET_POSITIONS: ReadonlySet<string> = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet']);

const size = z.number().positive();
const config = z.object({
  model_type: z.string().optional(),
  hidden_size: size.optional(),
  dim: size.optional(),
  d_model: size.optional(),
  max_position_embeddings: size.nullish(),
});
const modulesList = z.array(z.object({ type: z.string() }));
const poolingConfig = z.record(z.string(), z.unknown());
const sentenceBert = z.object({ max_seq_length: size.nullish() });
const sentenceTransformers = z.object({ prompts: z.record(z.string(), z.string()).nullish() });
const tokenizerConfig = z.object({ model_max_length: size.nullish() });

/**
 * The model of a folder without nearpaper.json, described from the files that Transformers.js and Sentence
 * Transformers keep. What they do not say is assumed, and listed in `assumptions`.
 * Errors: `model_missing` names the file that is not there, `model_damaged` one that cannot be understood,
 * `config_invalid` says why a sound model cannot be run here.
 */
export async function describeUnpinnedModel(folder: string, name?: string): Promise<ModelDescription> {
  const assumptions: string[] = [];
  const shape = await readJson(folder, 'config.json', config);
  if (shape === undefined) throw missingFile(folder, 'config.json');
  const dimensions = shape.hidden_size ?? shape.dim ?? shape.d_model;
  if (dimensions === undefined) {
    throw unsupported(folder, 'its config.json states no hidden_size');
  }
  const [onnxFile, dtype] = await chooseWeights(folder);
  const settings = {
    dimensions,
    dtype,
    onnxFile,
    pooling: await readPooling(folder, assumptions),
    window: await readWindow(folder, shape, assumptions),
    ...(await readPrefixes(folder, assumptions)),
  };
  const digests = await digestFiles(folder, onnxFile);
  return {
    ...settings,
    name: name ?? basename(folder),
    folder,
    origin: name === undefined ? null : `https://huggingface.co/${name}`,
    licence: null,
    fingerprint: fingerprintOf(settings, digests),
    assumptions,
  };
}

async function chooseWeights(folder: string): Promise<readonly [string, Dtype]> {
  for (const candidate of ONNX_FILES) {
    if ((await sizeOf(join(folder, candidate[0]))) !== undefined) return candidate;
  }
  const [first] = ONNX_FILES.map(([file]) => file);
  throw missingFile(folder, `${first} (nor another export: ${ONNX_FILES.map(([file]) => file).join(', ')})`);
}

async function readPooling(folder: string, assumptions: string[]): Promise<Pooling> {
  const modules = await readJson(folder, 'modules.json', modulesList);
  const foreign = modules
    ?.map(({ type }) => type)
    .filter((type) => !/\.(Transformer|Pooling|Normalize)$/.test(type));
  if (foreign !== undefined && foreign.length > 0) {
    throw unsupported(folder, `it has a further step after pooling (${foreign.join(', ')} in modules.json)`);
  }
  const pooling = await readJson(folder, '1_Pooling/config.json', poolingConfig);
  if (pooling === undefined) {
    assumptions.push('pooling: mean (there is no 1_Pooling/config.json)');
    return 'mean';
  }
  const modes = Object.keys(pooling).filter(
    (key) => key.startsWith('pooling_mode_') && pooling[key] === true,
  );
  // Several modes at once mean vectors set end to end: neither of the two that are known here.
  if (modes.length === 1 && modes[0] === 'pooling_mode_mean_tokens') return 'mean';
  if (modes.length === 1 && modes[0] === 'pooling_mode_cls_token') return 'cls';
  throw unsupported(folder, `its pooling (${modes.join(', ') || 'none'}) is neither mean nor first token`);
}

async function readWindow(
  folder: string,
  shape: z.infer<typeof config>,
  assumptions: string[],
): Promise<number> {
  const trained = (await readJson(folder, 'sentence_bert_config.json', sentenceBert))?.max_seq_length;
  const tokenizer = (await readJson(folder, 'tokenizer_config.json', tokenizerConfig))?.model_max_length;
  const offset = OFFSET_POSITIONS.has(shape.model_type ?? '') ? 2 : 0;
  const positions = shape.max_position_embeddings;
  const limits = [trained, tokenizer, positions ? positions - offset : undefined].filter(
    (limit) => limit !== null && limit !== undefined && limit <= LARGEST_WINDOW,
  );
  if (limits.length > 0) return Math.min(...limits.map(Number));
  assumptions.push(`window: ${ASSUMED_WINDOW} tokens (no file states a limit)`);
  return ASSUMED_WINDOW;
}

async function readPrefixes(
  folder: string,
  assumptions: string[],
): Promise<Pick<ModelDescription, 'documentPrefix' | 'queryPrefix'>> {
  const stated = await readJson(folder, 'config_sentence_transformers.json', sentenceTransformers);
  const prompts = stated?.prompts ?? undefined;
  if (prompts === undefined)
    assumptions.push('prefixes: none (config_sentence_transformers.json has no prompts)');
  return {
    documentPrefix: prompts?.document ?? prompts?.passage ?? '',
    queryPrefix: { text: prompts?.query ?? '', upToCharacters: null },
  };
}

async function digestFiles(folder: string, onnxFile: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const file of TOKENIZER_FILES) {
    if ((await sizeOf(join(folder, file))) === undefined) throw missingFile(folder, file);
    digests.set(file, await sha256Of(join(folder, file)));
  }
  for (const file of weightFiles(onnxFile)) {
    if ((await sizeOf(join(folder, file))) !== undefined)
      digests.set(file, await sha256Of(join(folder, file)));
  }
  return digests;
}

function unsupported(folder: string, why: string): NearpaperError {
  return new NearpaperError(
    'config_invalid',
    `The model in ${folder} cannot be used: ${why}. Name another model; see models/README.md.`,
  );
}
