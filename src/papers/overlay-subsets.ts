/** Filters over a store with changes: each clause's set is the store's without what is masked, and the changed papers'. */
import QuickLRU from 'quick-lru';
import { LabelSet, LabelSetBuilder } from '../label-set.js';
import { Pace } from '../pacing.js';
import { UNDATED } from './columns.js';
import { type Delta, type DeltaPaper, standsAt } from './delta.js';
import { type FactClause, type PaperFacts, testOf } from './paper-facts.js';
import type { PaperStore } from './store.js';
import type { ClauseSets } from './subsets.js';

/** Clauses whose passing papers are kept. The cache may hold twice as many for a while. */
const CACHED_CLAUSES = 64;

/** Papers looked at between two looks at the clock: some 50 microseconds. */
const PAPERS_A_SLICE = 64;

interface Passing {
  /** How many papers of the delta were looked at. */
  looked: number;
  papers: readonly DeltaPaper[];
}

/** Which papers of a delta pass a clause: for all moments together, since a paper's facts never change. */
export class DeltaClauses {
  readonly #delta: Delta;
  readonly #cache = new QuickLRU<string, Passing>({ maxSize: CACHED_CLAUSES });
  #masked: { count: number; labels: LabelSet } | undefined;
  #undatedInBase: LabelSet | undefined;

  constructor(delta: Delta) {
    this.#delta = delta;
  }

  /** The first `count` papers of the base that were changed or removed: most changes add none to them. */
  masked(count: number): LabelSet {
    if (this.#masked?.count !== count) {
      this.#masked = { count, labels: LabelSet.of(this.#delta.masked(count)) };
    }
    return this.#masked.labels;
  }

  /** The papers of the store beneath that know neither day nor year. Errors: `cancelled`. */
  async undatedIn(base: PaperStore, signal: AbortSignal | undefined): Promise<LabelSet> {
    if (this.#undatedInBase === undefined) {
      const dated = await base.subset([{ kind: 'dates', from: null, to: null }], signal);
      this.#undatedInBase = (await base.subset([], signal)).labels.without(dated.labels);
    }
    return this.#undatedInBase;
  }

  /**
   * At least those papers that pass and stand at this moment; only what came since somebody asked is looked at.
   * `key`: names the test. Errors: `cancelled`.
   */
  async passing(
    key: string,
    passes: (facts: PaperFacts) => boolean,
    version: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly DeltaPaper[]> {
    const known = this.#cache.get(key) ?? { looked: 0, papers: [] };
    const found: DeltaPaper[] = [];
    let { looked } = known;
    const pace = new Pace(signal);
    for (; looked < this.#delta.papers.length; looked++) {
      const paper = this.#delta.papers[looked] as DeltaPaper; // looked < length
      if (paper.since > version) break;
      if (passes(paper.facts)) found.push(paper);
      if (looked % PAPERS_A_SLICE === 0 && pace.due()) await pace.turn();
    }
    if (looked === known.looked) return known.papers;
    const papers = [...known.papers, ...found];
    // Another view may have looked further meanwhile.
    if (looked > (this.#cache.peek(key)?.looked ?? 0)) this.#cache.set(key, { looked, papers });
    return papers;
  }
}

/** The filters of one moment. */
export class OverlaySubsets implements ClauseSets {
  readonly #base: PaperStore;
  readonly #delta: Delta;
  readonly #clauses: DeltaClauses;
  readonly #version: number;
  readonly #maskedCount: number;
  readonly #highestLabel: number;
  /** By clause, made when first needed: moments are many, and of most nobody asks anything. */
  #cache: QuickLRU<string, LabelSet> | undefined;
  #all: LabelSet | undefined;
  #undated: LabelSet | undefined;

  constructor(base: PaperStore, delta: Delta, clauses: DeltaClauses, highestLabel: number) {
    this.#base = base;
    this.#delta = delta;
    this.#clauses = clauses;
    this.#version = delta.version;
    this.#maskedCount = delta.maskedCount;
    this.#highestLabel = highestLabel;
  }

  async everyPaper(signal?: AbortSignal): Promise<LabelSet> {
    this.#all ??= this.#with((await this.#base.subset([], signal)).labels, this.#delta.papers);
    return this.#all;
  }

  async undated(signal?: AbortSignal): Promise<LabelSet> {
    if (this.#undated === undefined) {
      const inBase = await this.#clauses.undatedIn(this.#base, signal);
      const changed = await this.#clauses.passing('undated', isUndated, this.#version, signal);
      this.#undated = this.#with(inBase, changed);
    }
    return this.#undated;
  }

  async passing(clause: FactClause, signal?: AbortSignal): Promise<LabelSet> {
    const key = JSON.stringify(clause);
    this.#cache ??= new QuickLRU({ maxSize: CACHED_CLAUSES });
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const { labels } = await this.#base.subset([clause], signal);
    const changed = await this.#clauses.passing(key, testOf(clause), this.#version, signal);
    const found = this.#with(labels, changed);
    this.#cache.set(key, found);
    return found;
  }

  /** What is not masked of these papers of the base, with those of the changed papers that stand. */
  #with(labels: LabelSet, changed: readonly DeltaPaper[]): LabelSet {
    const old = labels.without(this.#clauses.masked(this.#maskedCount));
    const set = new LabelSetBuilder(this.#highestLabel, old);
    for (const paper of changed) if (standsAt(paper, this.#version)) set.add(paper.label);
    return set.build();
  }
}

const isUndated = ({ earliest }: PaperFacts) => earliest === UNDATED;
