/**
 * The flow of a write: from a caller's record to an acknowledgement. Whoever writes waits in a queue while the text
 * becomes a vector; then the first of the queue are decided as a group (staging.ts), appended to the journal in one
 * durable transaction, laid over the generation, shown to queries, and acknowledged, in this order.
 */
import type { Embedder } from '../embedding/embedder.js';
import { embedPapers } from '../embedding/paper-vectors.js';
import { messageOf, NearpaperError } from '../errors.js';
import { applyAll } from '../generations/open-current.js';
import type { Overlay } from '../generations/overlay.js';
import type { Change } from '../papers/change.js';
import { contentHash, textHash } from '../papers/paper-row.js';
import type { WriteOptions, WriteOutcome } from './corpus-writer.js';
import { incomingPaper } from './incoming.js';
import type { JournalThread } from './journal-thread.js';
import { Lanes } from './lanes.js';
import { type Condition, Staging, type Wanted } from './staging.js';
import { type Entry, FULL, WriteQueue } from './write-queue.js';

/** Writes made durable together, at most: some 10 ms of work at the end of which queries see them. */
const GROUP = 64;

/**
 * Papers that the model is given at a time: enough to keep its workers busy. It takes texts of several callers in turn,
 * so of sixty papers at once none would be ready before all are.
 */
const EMBEDDED_AT_ONCE = 4;

/** What is changed. Exchanged as a whole when the next generation is there. */
export interface Target {
  overlay: Overlay;
  embedder: Embedder;
}

export interface WriterOptions {
  journal: JournalThread;
  /** Writes that may wait. */
  queue: number;
  /** Changes that may be pending; from then on writes wait or are refused until a rebuild has taken some in. */
  mostPending: (overlay: Overlay) => number;
  /** Told after each group, when queries are to see it. */
  onChange: () => void;
}

interface PutEntry extends Entry, Wanted {
  kind: 'put';
  condition: Condition;
  /** Undefined while it seems that nothing has to be stored. */
  vector: { fingerprint: string; values: Float32Array } | undefined;
  /** Why there is no vector, and the model that was asked for it. */
  failure: { of: Embedder; thrown: unknown } | undefined;
  resolve(outcome: WriteOutcome): void;
}

interface RemoveEntry extends Entry {
  kind: 'remove';
  id: string;
  condition: Condition;
  resolve(removed: { id: string }): void;
}

type AnyEntry = PutEntry | RemoveEntry;

export class Writer {
  readonly #options: WriterOptions;
  readonly #queue: WriteQueue<AnyEntry>;
  readonly #lanes = new Lanes(EMBEDDED_AT_ONCE);
  #target: Target;
  /** Ends when whatever changes the corpus now has ended: a group, or the exchange of the generation. */
  #turn: Promise<unknown> = Promise.resolve();
  #storing = false;
  #closed: NearpaperError | undefined;

  constructor(target: Target, options: WriterOptions) {
    this.#target = target;
    this.#options = options;
    this.#queue = new WriteQueue(options.queue);
  }

  get target(): Target {
    return this.#target;
  }

  /** Writes that are not acknowledged yet. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Resolves once the paper is durable, and in what the next query sees. Errors: `invalid_paper`, `invalid_request`,
   * `precondition_failed`, `overloaded`, `cancelled`, `storage_failed`, `not_ready`.
   */
  async put(
    record: unknown,
    { id, wait = false, ...condition }: WriteOptions,
    signal?: AbortSignal,
  ): Promise<WriteOutcome> {
    const paper = incomingPaper(record, id);
    while (this.#isFull()) await this.#room(wait, signal);
    const wanted = { paper, textHash: textHash(paper), contentHash: contentHash(paper) };
    return new Promise((resolve, reject) => {
      const entry: PutEntry = {
        ...{ kind: 'put', ...wanted, condition, signal, resolve, reject },
        ...{ ready: false, vector: undefined, failure: undefined },
      };
      this.#queue.add(entry);
      void this.#prepare(entry);
    });
  }

  /** Errors: `unknown_paper`, `precondition_failed`, and those of `put`. */
  async remove(
    id: string,
    { wait = false, ...condition }: WriteOptions,
    signal?: AbortSignal,
  ): Promise<{ id: string }> {
    while (this.#isFull()) await this.#room(wait, signal);
    return new Promise((resolve, reject) => {
      this.#queue.add({ kind: 'remove', id, condition, signal, resolve, reject, ready: true });
      this.#storeReady();
    });
  }

  /** Runs `work` while nothing changes: writes that come meanwhile wait. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** To be called within `exclusively`: from now on the changes are laid over this. */
  moveTo(target: Target): void {
    this.#target = target;
    this.#options.onChange();
    this.#queue.wake();
  }

  /** Refuses further writes, fails those that wait, and finishes the group that is being stored. */
  async close(): Promise<void> {
    this.#closed = new NearpaperError('not_ready', 'The service is stopping.', { retryAfter: 1 });
    this.#queue.clear(this.#closed);
    await this.#turn;
  }

  #isFull(): boolean {
    if (this.#closed !== undefined) throw this.#closed;
    const { overlay } = this.#target;
    return this.#queue.isFull || overlay.pending.length >= this.#options.mostPending(overlay);
  }

  /** Resolves when there may be room; whoever finds some takes it in the same turn. */
  async #room(wait: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (!wait) throw FULL;
    await this.#queue.change(signal);
  }

  /** Everything that takes long and can be done before the turn of the write. */
  async #prepare(entry: PutEntry): Promise<void> {
    const { embedder } = this.#target;
    try {
      const { store } = this.#target.overlay.view();
      const held = entry.paper.id === null ? undefined : await store.held(entry.paper.id);
      if (!held?.contentHash.equals(entry.contentHash)) await this.#lanes.run(() => this.#embed(entry));
    } catch (thrown) {
      entry.failure = { of: embedder, thrown };
    }
    entry.ready = true;
    this.#storeReady();
  }

  /** The vector of a text that is held already is taken as it is. */
  async #embed(entry: PutEntry): Promise<Float32Array> {
    const { overlay, embedder } = this.#target;
    const { fingerprint } = embedder;
    if (entry.vector?.fingerprint === fingerprint) return entry.vector.values;
    const known = await overlay.view().store.embeddingOf(entry.textHash);
    const [made] = known === undefined ? await embedPapers(embedder, [entry.paper], entry.signal) : [known];
    if (made === undefined) throw new NearpaperError('internal', 'The model gave no vector.');
    entry.vector = { fingerprint, values: made };
    return made;
  }

  #storeReady(): void {
    if (this.#storing) return;
    this.#storing = true;
    void this.exclusively(async () => {
      this.#storing = false;
      for (;;) {
        const group = this.#queue.takeReady(GROUP);
        if (group.length === 0) return;
        await this.#store(group);
      }
    });
  }

  /** Never rejects: each entry is told for itself. */
  async #store(group: readonly AnyEntry[]): Promise<void> {
    const { overlay } = this.#target;
    const staging = new Staging(overlay.view().store, overlay.seq);
    const acknowledgements: (() => void)[] = [];
    for (const entry of group) {
      try {
        acknowledgements.push(await this.#decide(entry, staging));
      } catch (thrown) {
        entry.reject(thrown);
      }
    }
    try {
      if (staging.changes.length > 0) await this.#append(overlay, staging.changes);
    } catch (thrown) {
      for (const entry of group) entry.reject(thrown);
      return;
    }
    for (const acknowledge of acknowledgements) acknowledge();
  }

  async #decide(entry: AnyEntry, staging: Staging): Promise<() => void> {
    if (entry.kind === 'remove') {
      const removed = await staging.remove(entry.id, entry.condition);
      return () => entry.resolve(removed);
    }
    // Of a model that has been replaced meanwhile, whose workers ended: by the new one it is made in its turn.
    const { failure } = entry;
    if (failure !== undefined && (failure.of === this.#target.embedder || entry.signal?.aborted))
      throw failure.thrown;
    const outcome = await staging.put(entry, entry.condition, () => this.#embed(entry));
    return () => entry.resolve(outcome);
  }

  /** What the disk holds is the truth, also where the disk could not say whether it does. */
  async #readAgain(overlay: Overlay): Promise<void> {
    try {
      await applyAll(overlay, await this.#options.journal.changesAfter(overlay.seq));
      this.#options.onChange();
    } catch {
      // The disk is gone: the next write tries again, and fails as long as it is.
    }
  }

  async #append(overlay: Overlay, changes: readonly Change[]): Promise<void> {
    const { journal, onChange } = this.#options;
    try {
      await journal.append(changes);
    } catch (thrown) {
      await this.#readAgain(overlay);
      throw storageFailure(thrown);
    }
    await applyAll(overlay, changes);
    onChange();
  }
}

function storageFailure(thrown: unknown): NearpaperError {
  const message = `The change is not acknowledged as stored. ${messageOf(thrown)}`;
  return new NearpaperError('storage_failed', message, { cause: thrown });
}
