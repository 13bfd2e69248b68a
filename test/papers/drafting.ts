/** Drafts and stores in temporary folders, made by the code under test itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Draft, type IncomingPaper, openDraft } from '../../src/papers/draft.js';
import type { DraftSources } from '../../src/papers/draft-file.js';
import type { UpsertOutcome } from '../../src/papers/draft-input.js';
import type { Paper } from '../../src/papers/paper.js';
import { openStore, type PaperStore } from '../../src/papers/store.js';

/** The model that the vectors of these tests pretend to come from. */
export const FINGERPRINT = 'a'.repeat(64);

/** A folder that goes when the test ends. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nearpaper-papers-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A valid paper; only the title, and what else is named, is its own. */
/** Begins a draft as this store, or empty. */
export function from(store: string | null): DraftSources {
  return { papers: store, embeddings: store };
}

export const EMPTY = from(null);

export function paper(fields: Partial<IncomingPaper> & { title: string }): IncomingPaper {
  return {
    id: null,
    abstract: '',
    authors: [],
    published: null,
    updated: null,
    year: null,
    categories: [],
    venue: null,
    url: null,
    doi: null,
    ...fields,
  };
}

/** Makes generation after generation of a store, as a build does with `building/papers.db`. */
export class Corpus {
  readonly #folder: string;
  #published: string | null = null;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get published(): string | null {
    return this.#published;
  }

  openDraft(): Draft {
    return openDraft(join(this.#folder, `papers-${this.#count + 1}.db`), from(this.#published));
  }

  /** Stores an input as one build would, and publishes it. */
  build(papers: readonly IncomingPaper[], batch = 500) {
    const draft = this.openDraft();
    const outcomes: UpsertOutcome[] = [];
    for (let from = 0; from < papers.length; from += batch) {
      outcomes.push(...draft.upsert(papers.slice(from, from + batch)));
    }
    draft.settleIds();
    return { outcomes, ...this.publish(draft) };
  }

  /** Gives every text that has none a vector, seals the draft and takes it as the published store. */
  publish(draft: Draft) {
    const changes = draft.changes();
    const pending = draft.texts(draft.pendingLabels(FINGERPRINT));
    draft.putEmbeddings(
      FINGERPRINT,
      pending.map(({ textHash }) => ({ textHash, vector: vectorOf(textHash) })),
    );
    draft.seal(FINGERPRINT);
    this.#count++;
    this.#published = join(this.#folder, `papers-${this.#count}.db`);
    return { changes, embedded: pending.map(({ title }) => title) };
  }

  /** The papers that are published, by id. */
  async papers(): Promise<Map<string, Paper>> {
    const store = await this.openStore();
    const { papers } = await store.list([], 0, 10_000);
    await store.close();
    return new Map(papers.map((found) => [found.id, found]));
  }

  async openStore(): Promise<PaperStore> {
    if (this.#published === null) throw new Error('nothing is published yet');
    return openStore(this.#published);
  }
}

/** A vector that tells texts apart. */
export function vectorOf(textHash: Buffer): Float32Array {
  const vector = Float32Array.from(textHash.subarray(0, 8), (byte) => byte - 127.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
