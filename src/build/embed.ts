/** The longest stage: every text without an embedding goes through the model, and is committed every few seconds. */
import type { Draft, PendingText } from '../papers/draft.js';
import type { BuildEvent } from './progress.js';

export interface EmbedOptions {
  embed: (texts: readonly PendingText[]) => Promise<Float32Array[]>;
  fingerprint: string;
  signal: AbortSignal;
  onEvent: (event: BuildEvent) => void;
}

/** Texts handed to the embedder at once; two chunks are under way, so that no worker waits for a commit. */
const CHUNK = 32;
/** A killed build loses at most about this much work. */
const COMMIT_MS = 2000;

/** Embeds the texts of `labels` and returns how many. Errors: `cancelled`, with all that was finished committed. */
export async function embedPending(
  draft: Draft,
  labels: readonly number[],
  options: EmbedOptions,
): Promise<number> {
  const started = performance.now();
  let committed = started;
  let unsaved: { textHash: Buffer; vector: Float32Array }[] = [];
  let done = 0;
  const save = () => {
    draft.putEmbeddings(options.fingerprint, unsaved);
    unsaved = [];
    committed = performance.now();
  };
  const start = (from: number) => {
    const texts = draft.texts(labels.slice(from, from + CHUNK));
    const vectors = options.embed(texts);
    // A chunk that fails while an earlier one is awaited is reported when its turn comes.
    vectors.catch(() => undefined);
    return { texts, vectors };
  };

  let next = start(0);
  try {
    for (let from = 0; from < labels.length; from += CHUNK) {
      const current = next;
      if (from + CHUNK < labels.length) next = start(from + CHUNK);
      const vectors = await current.vectors;
      for (const [i, { textHash }] of current.texts.entries()) {
        const vector = vectors[i];
        if (vector) unsaved.push({ textHash, vector });
      }
      done += current.texts.length;
      if (performance.now() - committed > COMMIT_MS) save();
      const perSecond = (done * 1000) / (performance.now() - started);
      const secondsLeft = (labels.length - done) / perSecond;
      options.onEvent({ kind: 'embedding', done, total: labels.length, perSecond, secondsLeft });
    }
  } finally {
    save();
  }
  return done;
}
