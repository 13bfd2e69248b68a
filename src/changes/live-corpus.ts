/** A corpus that changes while it serves: lock, journal, writer and rebuilds, put together. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Embedder } from '../embedding/embedder.js';
import { messageOf, NearpaperError } from '../errors.js';
import { requireGeneration, requireWritable } from '../generations/folder.js';
import { journalOf, newJournalName } from '../generations/journal-name.js';
import { lockForWriting, SERVING, type WriterLock } from '../generations/lock.js';
import { readManifest } from '../generations/manifest.js';
import type { Overlay } from '../generations/overlay.js';
import { createJournal } from '../papers/journal.js';
import type { OpenVectorOptions } from '../vectors/open.js';
import type { CorpusWriter, WriteOptions, WriterStatus } from './corpus-writer.js';
import { JournalThread } from './journal-thread.js';
import type { RebuildTask } from './rebuild-protocol.js';
import { type RebuildEvent, Rebuilder } from './rebuilder.js';
import { type Target, Writer } from './writer.js';

/** The right to change the corpus of a folder, taken before it is opened. */
export interface WriteAccess {
  lock: WriterLock;
  journal: JournalThread;
}

/**
 * Takes the writer's lock and opens the journal, which rolls back what a killed writer left half done. Errors:
 * `index_missing`, `index_locked`, `index_unwritable`, `index_damaged`.
 */
export async function takeWriteAccess(indexFolder: string): Promise<WriteAccess> {
  const path = await requireGeneration(indexFolder);
  await requireWritable(indexFolder).catch((thrown: unknown) => {
    const message = `${messageOf(thrown)} NEARPAPER_READ_ONLY=true serves this one without changes.`;
    throw new NearpaperError('index_unwritable', message, { cause: thrown });
  });
  const lock = lockForWriting(indexFolder, SERVING);
  try {
    const manifest = await readManifest(path.folder);
    const place = journalOf(indexFolder, manifest);
    const file = place?.path ?? join(indexFolder, newJournalName(manifest.generation));
    // A generation of an older version has none; one that is named and missing is a loss, and told by opening it.
    if (manifest.changes === null && !existsSync(file)) createJournal(file);
    const journal = await JournalThread.open({ path: file, fingerprint: manifest.model.fingerprint });
    return { lock, journal };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

export interface LiveOptions {
  access: WriteAccess;
  /** Writes that may wait. */
  queue: number;
  /** Pending changes that begin a rebuild; null: a twentieth of the corpus, at least 1,000. */
  rebuildAfter: number | null;
  task: Omit<RebuildTask, 'upTo' | 'reembed'>;
  vectors: OpenVectorOptions;
  /** Finds and loads the model of a setting. Errors: `model_missing`, `model_damaged`. */
  loadModel: (setting: string) => Promise<Embedder>;
  /** Errors: as `loadModel`, without loading it. */
  checkModel: (setting: string) => Promise<void>;
  /** Lets queries see what is acknowledged from now on. */
  show: (target: Target) => void;
  onRebuild: (event: RebuildEvent) => void;
}

const REBUILD_SHARE = 0.05;
const LEAST_REBUILD = 1000;
/** Where a rebuild does not keep up, so many times its threshold may be pending. */
const MOST_PENDING = 10;

export class LiveCorpus implements CorpusWriter {
  readonly #options: LiveOptions;
  readonly #writer: Writer;
  readonly #rebuilder: Rebuilder;

  constructor(target: Target, options: LiveOptions) {
    this.#options = options;
    const { queue, rebuildAfter, show } = options;
    const { journal } = options.access;
    const threshold = ({ generation: { store } }: Overlay) =>
      rebuildAfter ?? Math.max(LEAST_REBUILD, Math.ceil(store.size * REBUILD_SHARE));
    this.#writer = new Writer(target, {
      journal,
      queue,
      mostPending: (overlay) => MOST_PENDING * threshold(overlay),
      onChange: () => {
        show(this.#writer.target);
        this.#rebuilder.consider();
      },
    });
    const { task, vectors, loadModel, onRebuild } = options;
    this.#rebuilder = new Rebuilder({
      ...{ writer: this.#writer, journal, task, vectors, threshold, loadModel },
      onEvent: onRebuild,
    });
    this.#rebuilder.consider();
  }

  put(record: unknown, options: WriteOptions, signal: AbortSignal) {
    return this.#writer.put(record, options, signal);
  }

  remove(id: string, options: WriteOptions, signal: AbortSignal) {
    return this.#writer.remove(id, options, signal);
  }

  async rebuild(): Promise<void> {
    this.#rebuilder.begin(null);
  }

  async reembed(model: string): Promise<void> {
    await this.#options.checkModel(model);
    this.#rebuilder.begin(model);
  }

  get status(): WriterStatus {
    const { overlay, embedder } = this.#writer.target;
    const { name, store } = overlay.view();
    return {
      generation: name,
      papers: store.size,
      model: embedder.model,
      changes: {
        last: overlay.seq,
        pending: overlay.pending.length,
        queued: this.#writer.waiting,
        queue: this.#options.queue,
      },
      rebuild: this.#rebuilder.status,
    };
  }

  /** Takes workers that died for good out of use. Errors: `model_mismatch`; the embedder is not closed then. */
  useEmbedder(embedder: Embedder): Promise<void> {
    return this.#writer.exclusively(async () => {
      const { overlay } = this.#writer.target;
      const { model } = overlay.generation.manifest;
      if (embedder.fingerprint !== model.fingerprint) {
        throw new NearpaperError(
          'model_mismatch',
          `The index is of ${model.name} by now, the new workers of ${embedder.model}. Reload again.`,
        );
      }
      this.#writer.moveTo({ overlay, embedder });
    });
  }

  get target(): Target {
    return this.#writer.target;
  }

  /** What is acknowledged is durable already; what waits is refused, and a rebuild is stopped. */
  async close(): Promise<void> {
    const { lock, journal } = this.#options.access;
    await this.#rebuilder.close();
    await this.#writer.close();
    await journal.close();
    lock.release();
  }
}
