/**
 * From a generation with many changes laid over it to the next one that contains them: a process makes it, what was
 * changed meanwhile is laid over it, it is published, and it takes the place of the one before. Writes wait for the
 * last two steps only, queries for none.
 */
import type { BuildEvent } from '../build/progress.js';
import type { Embedder } from '../embedding/embedder.js';
import { embedPapers } from '../embedding/paper-vectors.js';
import { messageOf, NearpaperError } from '../errors.js';
import { buildingFolder, currentGeneration, removeOldGenerations } from '../generations/folder.js';
import { removeOldJournals } from '../generations/journal-name.js';
import { openGeneration } from '../generations/open.js';
import { applyAll } from '../generations/open-current.js';
import { Overlay } from '../generations/overlay.js';
import { publish } from '../generations/publish.js';
import type { Change, PutChange } from '../papers/change.js';
import type { OpenVectorOptions } from '../vectors/open.js';
import type { RebuildStatus } from './corpus-writer.js';
import type { JournalThread } from './journal-thread.js';
import { makeInProcess } from './make-generation.js';
import type { RebuildTask } from './rebuild-protocol.js';
import type { Writer } from './writer.js';

export interface RebuilderOptions {
  writer: Writer;
  journal: JournalThread;
  task: Omit<RebuildTask, 'upTo' | 'reembed'>;
  vectors: OpenVectorOptions;
  /** So many pending changes begin a rebuild. */
  threshold: (overlay: Overlay) => number;
  /** Loads the model of a setting. */
  loadModel: (setting: string) => Promise<Embedder>;
  onEvent: (event: RebuildEvent) => void;
}

export type RebuildEvent =
  | { kind: 'begun'; changes: number }
  | { kind: 'done'; generation: string; papers: number; milliseconds: number }
  /** `again`: milliseconds after which it is tried again; null when only a request begins another. */
  | { kind: 'failed'; error: unknown; again: number | null };

/** The first time after a failure, and at most. */
const RETRY_MS = 30_000;
const MOST_RETRY_MS = 3_600_000;

export class Rebuilder {
  readonly #options: RebuilderOptions;
  #status: RebuildStatus = { state: 'idle' };
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  /** The model that was asked for while another rebuild was under way. */
  #next: string | undefined;

  constructor(options: RebuilderOptions) {
    this.#options = options;
  }

  get status(): RebuildStatus {
    return this.#status;
  }

  /** To be called after changes: begins a rebuild when there are enough, and none has just failed. */
  consider(): void {
    const { writer, threshold } = this.#options;
    const { overlay } = writer.target;
    const isDue = overlay.pending.length >= threshold(overlay) && overlay.view().store.size > 0;
    if (isDue && this.#retry === undefined) this.begin(null);
  }

  /**
   * Begins a rebuild; with a model's setting, one that embeds all papers by it. While one is under way, another is not
   * needed, and one by another model waits for its end.
   */
  begin(model: string | null): void {
    if (this.#stop.signal.aborted) return;
    if (this.#running !== undefined) {
      if (model !== null) this.#next = model;
      return;
    }
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#running = this.#run(model).finally(() => {
      this.#running = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next === undefined) this.consider();
      else this.begin(next);
    });
  }

  /** Stops what is under way, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#retry);
    await this.#running;
  }

  /** Never rejects. */
  async #run(model: string | null): Promise<void> {
    const { writer, onEvent } = this.#options;
    const began = performance.now();
    const since = new Date().toISOString();
    this.#status = { state: 'running', since, progress: 0 };
    onEvent({ kind: 'begun', changes: writer.target.overlay.pending.length });
    try {
      const next = await this.#make(model, since);
      this.#failures = 0;
      this.#status = { state: 'idle' };
      const { manifest } = next.generation;
      const milliseconds = Math.round(performance.now() - began);
      onEvent({ kind: 'done', generation: manifest.generation, papers: manifest.papers, milliseconds });
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      const isLasting = model !== null || (thrown instanceof NearpaperError && thrown.code === 'input_empty');
      const again = isLasting ? null : Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
      this.#status = failedStatus(thrown, again);
      onEvent({ kind: 'failed', error: thrown, again });
      if (again !== null) this.#retry = setTimeout(() => this.begin(null), again).unref();
    }
  }

  async #make(model: string | null, since: string): Promise<Overlay> {
    const { writer, journal, task, vectors } = this.#options;
    const { overlay } = writer.target;
    const upTo = overlay.seq;
    if (overlay.view().store.size === 0)
      throw new NearpaperError('input_empty', 'The corpus is empty: there is nothing to index.');
    const name = await makeInProcess(
      { ...task, upTo, model: model ?? task.model, reembed: model !== null },
      {
        signal: this.#stop.signal,
        onEvent: (event) => {
          this.#status = { state: 'running', since, progress: progressOf(event, this.#status) };
        },
      },
    );
    const folder = buildingFolder(task.indexFolder);
    const next = new Overlay(await openGeneration({ name, folder }, vectors));
    let loaded: Embedder | undefined;
    try {
      const { fingerprint, setting } = next.generation.manifest.model;
      if (fingerprint !== writer.target.embedder.fingerprint)
        loaded = await this.#options.loadModel(model ?? setting);
      // Most of what came meanwhile, while more comes.
      await this.#catchUp(next, loaded);
      await writer.exclusively(async () => {
        await this.#catchUp(next, loaded);
        await this.#publish(name, next);
        if (loaded !== undefined) await journal.useModel(loaded.fingerprint);
        // That of this moment: its workers may have been replaced meanwhile.
        writer.moveTo({ overlay: next, embedder: loaded ?? writer.target.embedder });
      });
    } catch (thrown) {
      await next.close();
      await loaded?.close();
      throw thrown;
    }
    await this.#tidyUp(next, overlay);
    return next;
  }

  /** Whatever fails after CURRENT has its new content: what is published must be what is served, and changed. */
  async #publish(name: string, next: Overlay): Promise<void> {
    const { indexFolder } = this.#options.task;
    try {
      await publish(indexFolder, name, next.generation.manifest.changes);
    } catch (thrown) {
      const current = await currentGeneration(indexFolder).catch(() => null);
      if (current?.name !== name) throw thrown;
    }
  }

  /** Lays over `next` what was changed since its last change; vectors of another model are made anew. */
  async #catchUp(next: Overlay, embedder: Embedder | undefined): Promise<void> {
    const { writer, journal } = this.#options;
    const changes = writer.target.overlay.pending.filter(({ seq }) => seq > next.seq);
    if (embedder === undefined) return applyAll(next, changes);
    const puts = changes.filter((change): change is PutChange => change.kind === 'put');
    const vectors = await embedPapers(
      embedder,
      puts.map(({ paper }) => paper),
      this.#stop.signal,
    );
    const bySeq = new Map(puts.map(({ seq }, i) => [seq, vectors[i]]));
    const entries = puts.flatMap(({ seq }) => {
      const vector = bySeq.get(seq);
      return vector === undefined ? [] : [{ seq, vector }];
    });
    if (entries.length > 0) await journal.putVectors(embedder.fingerprint, entries);
    await applyAll(
      next,
      changes.map((change): Change => {
        const vector = bySeq.get(change.seq);
        return change.kind === 'put' && vector !== undefined ? { ...change, vector } : change;
      }),
    );
  }

  /** The new generation serves by now: what cannot be removed costs space, and is tried again the next time. */
  async #tidyUp(next: Overlay, before: Overlay): Promise<void> {
    const { journal, task, onEvent } = this.#options;
    try {
      // The generation before stays for a way back, with the changes that it does not contain.
      await journal.trim(before.generation.manifest.changes?.seq ?? 0);
      const { generation } = next.generation.manifest;
      await removeOldGenerations(task.indexFolder, generation, before.generation.manifest.generation);
      await removeOldJournals(task.indexFolder);
    } catch (thrown) {
      onEvent({ kind: 'failed', error: thrown, again: null });
    }
  }
}

function failedStatus(thrown: unknown, again: number | null): RebuildStatus {
  return {
    state: 'failed',
    since: new Date().toISOString(),
    code: thrown instanceof NearpaperError ? thrown.code : 'internal',
    detail: messageOf(thrown),
    nextAttempt: again === null ? null : new Date(Date.now() + again).toISOString(),
  };
}

/** About how far it is, 0 to 1: where all papers are embedded that takes most of the time, otherwise the graph does. */
function progressOf(event: BuildEvent, before: RebuildStatus): number {
  const known = before.state === 'running' ? before.progress : 0;
  const left = 1 - EMBEDDING_SHARE;
  const rest = (share: number) => (known >= EMBEDDING_SHARE ? EMBEDDING_SHARE + left * share : share);
  const of = (event: { done: number; total: number }) => event.done / Math.max(1, event.total);
  switch (event.kind) {
    case 'embedding':
      return EMBEDDING_SHARE * of(event);
    case 'keywords':
      return Math.max(known, rest(0.2 * of(event)));
    case 'calibrating':
      return Math.max(known, rest(0.3));
    case 'indexing':
      return Math.max(known, rest(0.3 + 0.6 * of(event)));
    default:
      return known;
  }
}

const EMBEDDING_SHARE = 0.95;
