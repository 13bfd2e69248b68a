/** Runs inside a worker thread; the only file that knows Transformers.js. */
import { basename, dirname } from 'node:path/posix';
import {
  AutoModel,
  AutoTokenizer,
  env,
  LogLevel,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  Tensor,
} from '@huggingface/transformers';
import { DTYPE_SUFFIX, type ModelDescription } from './description.js';
import type { Embedded } from './embedder.js';
import { modelInput, type TextRole } from './model-input.js';
import { poolTokens, toUnitVector } from './pooling.js';

// Files were found, downloaded and verified before: the library shall neither fetch nor write any.
env.allowRemoteModels = false;
env.useFSCache = false;
env.useWasmCache = false;
// It would print to the process's output; whatever goes wrong is thrown as well.
env.logLevel = LogLevel.NONE;

/**
 * One thread: the workers are the parallelism. Memory pattern off, since it plans memory per input shape, and
 * texts have hundreds of them. The arena stays on: over 900 random lengths it was 6 to 12 % faster than malloc
 * and its resident memory lower and flatter (200 MB against 205 to 245 MB).
 */
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  enableMemPattern: false,
  enableCpuMemArena: true,
} as const;

/** Its vector lies in a buffer of its own, which can be given away. */
export interface OwnEmbedded extends Embedded {
  vector: Float32Array<ArrayBuffer>;
}

/** A loaded model. One text at a time; a call must have settled before the next one or `dispose`. */
export interface Inference {
  /** Errors: a plain Error when the runtime fails, or the model gives no usable numbers for this text. */
  embed(text: string, role: TextRole): Promise<OwnEmbedded>;
  dispose(): Promise<void>;
}

/**
 * Loads tokenizer and weights and tries them on the empty text.
 * Errors: a plain Error when they cannot be loaded, or do not give what the description says.
 */
export async function loadInference(description: ModelDescription): Promise<Inference> {
  const tokenizer = await AutoTokenizer.from_pretrained(description.folder);
  const trailing = countTrailingSpecialTokens(tokenizer);
  const model = await loadModel(description);
  const inference: Inference = {
    embed: (text, role) => embed(text, role, description, tokenizer, model, trailing),
    dispose: async () => {
      await model.dispose();
    },
  };
  try {
    await inference.embed('', 'document');
  } catch (thrown) {
    await inference.dispose();
    throw thrown;
  }
  return inference;
}

function loadModel({ folder, onnxFile, dtype }: ModelDescription): Promise<PreTrainedModel> {
  const subfolder = dirname(onnxFile);
  return AutoModel.from_pretrained(folder, {
    // Said explicitly, because a model's config.json could choose another device or format.
    device: 'cpu',
    dtype,
    subfolder: subfolder === '.' ? '' : subfolder,
    model_file_name: basename(onnxFile, `${DTYPE_SUFFIX[dtype]}.onnx`),
    session_options: SESSION_OPTIONS,
  });
}

async function embed(
  text: string,
  role: TextRole,
  description: ModelDescription,
  tokenizer: PreTrainedTokenizer,
  model: PreTrainedModel,
  trailing: number,
): Promise<OwnEmbedded> {
  const input = modelInput(text, role, description);
  const all = tokenIds(input.text, tokenizer);
  const ids = fitWindow(all, description.window, trailing);
  const tokens = await run(ids, model, description.dimensions);
  return {
    vector: toUnitVector(poolTokens(tokens, description.dimensions, description.pooling)),
    truncated: input.cut || all.length > description.window,
  };
}

function tokenIds(text: string, tokenizer: PreTrainedTokenizer): number[] {
  const ids = tokenizer.encode(text);
  // A tokenizer without special tokens makes nothing of an empty text, and a model nothing of no tokens.
  return ids.length > 0 ? ids : tokenizer.encode('.');
}

/**
 * Cuts in the middle of the text and keeps the special tokens at its end: the tokenizer's own truncation
 * would drop the final [SEP], with which every text ended that the model was trained on. On long abstracts
 * that moves a vector by a cosine of .997 (MiniLM) or .995 (bge, down to .96).
 */
function fitWindow(ids: number[], window: number, trailing: number): number[] {
  if (ids.length <= window) return ids;
  return [...ids.slice(0, window - trailing), ...ids.slice(ids.length - trailing)];
}

/** How many special tokens the tokenizer puts after a text: 1 for BERT's [SEP]. */
function countTrailingSpecialTokens(tokenizer: PreTrainedTokenizer): number {
  const bare = tokenizer.encode('a', { add_special_tokens: false });
  const whole = tokenizer.encode('a');
  const begin = whole.findIndex((_, at) => bare.every((id, i) => whole[at + i] === id));
  return begin < 0 ? 0 : whole.length - bare.length - begin;
}

/** The vector of each token, one after another: `ids.length * dimensions` numbers. */
async function run(ids: number[], model: PreTrainedModel, dimensions: number): Promise<Float32Array> {
  const shape = [1, ids.length];
  const inputs = {
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), shape),
    // Nothing is ever padded, so every token counts. Token types, where a model has them, default to 0.
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
  };
  const output: unknown = await model(inputs);
  try {
    return tokenVectors(output, ids.length, dimensions);
  } finally {
    for (const tensor of [...Object.values(inputs), ...tensorsOf(output)]) tensor.dispose();
  }
}

function tokenVectors(output: unknown, tokens: number, dimensions: number): Float32Array {
  const named = typeof output === 'object' && output !== null ? new Map(Object.entries(output)) : new Map();
  const found: unknown = named.get('last_hidden_state') ?? named.get('token_embeddings');
  if (!(found instanceof Tensor) || !(found.data instanceof Float32Array)) {
    throw new Error(`the model gives no 32-bit vectors of tokens, only ${[...named.keys()].join(', ')}`);
  }
  if (found.data.length !== tokens * dimensions) {
    throw new Error(
      `the model gives vectors of shape ${found.dims.join('x')}, not of ${dimensions} dimensions`,
    );
  }
  return found.data;
}

function tensorsOf(output: unknown): Tensor[] {
  if (typeof output !== 'object' || output === null) return [];
  return Object.values(output).filter((value) => value instanceof Tensor);
}
