/**
 * Embedding 1,000 real abstracts:
 *   node dist/benchmarks/bulk-embedding.js [--data <folder>] [--json]
 * Two workers that get each text alone, against padded calls of 32 in the order of arrival on two threads, which is how
 * Transformers.js is used by default, and against one worker. All three take turns of 256 texts.
 */
import { AutoModel, AutoTokenizer, env } from '@huggingface/transformers';
import { readConfig } from '../src/config.js';
import { documentText } from '../src/embedding/document-text.js';
import type { ModelDescription } from '../src/embedding/model.js';
import { createEmbedder } from '../src/embedding/pool.js';
import { findModel } from '../src/open-corpus.js';
import { alternate, atLeast, type BenchOptions, type Row, rounded, runAlone } from './harness.js';
import { MODEL } from './made-corpus.js';
import { realTexts } from './texts.js';

const TURN = 256;
const PADDED = 32;

export async function run(options: BenchOptions): Promise<Row[]> {
  const texts = (await realTexts(options, options.quick ? PADDED : 1000)).map(({ title, abstract }) =>
    documentText(title, abstract),
  );
  const model = await findModel(MODEL, readConfig({}));
  const padded = await paddedEmbedder(model);
  const two = await createEmbedder(model, { workers: 2, maxQueued: 0 });
  const one = await createEmbedder(model, { workers: 1, maxQueued: 0 });
  try {
    const part = (round: number) => texts.slice(round * TURN, (round + 1) * TURN);
    for (const warm of [two, one]) await warm.embedDocuments(texts.slice(0, 8));
    await padded(texts.slice(0, 8));
    const times = await alternate(Math.ceil(texts.length / TURN), {
      two: (round) => two.embedDocuments(part(round)),
      one: (round) => one.embedDocuments(part(round)),
      padded: async (round) => {
        const turn = part(round);
        for (let from = 0; from < turn.length; from += PADDED) await padded(turn.slice(from, from + PADDED));
      },
    });
    const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
    const rate = (values: readonly number[]) => (1000 * texts.length) / total(values);
    const what = `bulk embedding of ${texts.length} real abstracts, two workers`;
    const note = (other: readonly number[]) =>
      `${rounded(rate(times.two))} against ${rounded(rate(other))} a second`;
    return [
      atLeast(options.quick ? 1.2 : 3, {
        what,
        against: `padded calls of ${PADDED} in order of arrival, two threads`,
        measured: rate(times.two) / rate(times.padded),
        note: note(times.padded),
      }),
      atLeast(options.quick ? 0.2 : 0.9, {
        what,
        against: 'twice one worker alone',
        measured: rate(times.two) / (2 * rate(times.one)),
        note: note(times.one),
      }),
    ];
  } finally {
    await Promise.all([two.close(), one.close(), padded.dispose()]);
  }
}

interface PaddedEmbedder {
  (texts: readonly string[]): Promise<unknown>;
  dispose(): Promise<unknown>;
}

/** The same weights and window in Transformers.js, whole batches padded to their longest text. */
async function paddedEmbedder({ folder, window, dtype }: ModelDescription): Promise<PaddedEmbedder> {
  env.allowRemoteModels = false;
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const model = await AutoModel.from_pretrained(folder, {
    device: 'cpu',
    dtype,
    session_options: { intraOpNumThreads: 2, interOpNumThreads: 1 },
  });
  const embed = async (texts: readonly string[]) => {
    const inputs = tokenizer([...texts], { padding: true, truncation: true, max_length: window });
    // Pooling is left out: beside the model it takes no time that shows, and leaving it out favours this side.
    return model(inputs);
  };
  return Object.assign(embed, { dispose: () => model.dispose() });
}

await runAlone(import.meta.url, run);
