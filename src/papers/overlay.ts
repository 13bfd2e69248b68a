/** Changes laid over a published store: the store stays as it is, what changed is in memory. */
import { Pace } from '../pacing.js';
import type { Change } from './change.js';
import { Delta } from './delta.js';
import type { FilteredPapers, PaperFilter } from './filter.js';
import { type HeldVersion, heldUnder, type LabelLookUps, labelNamed } from './look-ups.js';
import { DeltaClauses, OverlaySubsets } from './overlay-subsets.js';
import type { Paper } from './paper.js';
import { PAPER_FIELDS } from './paper-row.js';
import {
  type FoundPaper,
  type PaperPage,
  type PaperStore,
  pageOf,
  type ResolvedPaper,
  versionOf,
} from './store.js';
import { papersPassing } from './subsets.js';
import { mayResemble } from './text-sketch.js';

/** For who applies changes; everybody else reads views. The store beneath must stay open as long as views are read. */
export class StoreOverlay {
  readonly #base: PaperStore;
  readonly #delta: Delta;
  readonly #clauses: DeltaClauses;
  #highestLabel: number;
  /** Of the last change, once somebody has asked for it. */
  #view: PaperStore | undefined;

  constructor(base: PaperStore) {
    this.#base = base;
    this.#delta = new Delta(base.lookUps);
    this.#clauses = new DeltaClauses(this.#delta);
    this.#highestLabel = base.highestLabel;
  }

  /**
   * Lays a change over the store, after those of all calls before; some 60 microseconds. The change is kept, not copied.
   * Resolves when the event loop has had its turn if it is due.
   */
  async apply(change: Change): Promise<void> {
    const pace = new Pace();
    if (change.kind === 'put')
      this.#delta.put(change.label, change.paper, change.arxivVersion, change.vector);
    else this.#delta.remove(change.label);
    this.#highestLabel = Math.max(this.#highestLabel, change.label);
    this.#view = undefined;
    if (pace.due()) await pace.turn();
  }

  /** The papers as they are now, whatever is applied later. Costs a microsecond: nothing is copied. */
  view(): PaperStore {
    this.#view ??= new OverlayView(this.#base, this.#delta, this.#clauses, this.#highestLabel);
    return this.#view;
  }
}

/** The papers after one change. It owns nothing: `close` does nothing. */
class OverlayView implements PaperStore {
  readonly size: number;
  readonly highestLabel: number;
  readonly lookUps: LabelLookUps;
  readonly #base: PaperStore;
  readonly #delta: Delta;
  readonly #version: number;
  readonly #subsets: OverlaySubsets;

  constructor(base: PaperStore, delta: Delta, clauses: DeltaClauses, highestLabel: number) {
    this.#base = base;
    this.#delta = delta;
    this.#version = delta.version;
    this.size = base.size - delta.maskedCount + delta.standing;
    this.highestLabel = highestLabel;
    this.lookUps = new OverlayLookUps(base.lookUps, delta);
    this.#subsets = new OverlaySubsets(base, delta, clauses, highestLabel);
  }

  async resolve(idOrAlias: string): Promise<ResolvedPaper | undefined> {
    const label = labelNamed(this.lookUps, idOrAlias);
    const paper = await this.#paper(label, ['id', 'abstract']);
    return label === undefined || paper === undefined
      ? undefined
      : { label, id: paper.id, hasAbstract: paper.abstract !== '' };
  }

  async find(idOrAlias: string): Promise<FoundPaper | undefined> {
    const label = labelNamed(this.lookUps, idOrAlias);
    const paper = await this.#paper(label, ['id', 'title', 'abstract']);
    return label === undefined || paper === undefined ? undefined : { label, ...paper };
  }

  read<Field extends keyof Paper>(
    idOrAlias: string,
    fields: readonly Field[],
  ): Promise<Pick<Paper, Field> | undefined> {
    return this.#paper(labelNamed(this.lookUps, idOrAlias), fields);
  }

  async #paper<Field extends keyof Paper>(
    label: number | undefined,
    fields: readonly Field[],
  ): Promise<Pick<Paper, Field> | undefined> {
    return label === undefined ? undefined : (await this.get([label], fields))[0];
  }

  async get<Field extends keyof Paper = keyof Paper>(
    labels: readonly number[],
    fields?: readonly Field[],
  ): Promise<(Pick<Paper, Field> | undefined)[]> {
    const changed = labels.map((label) => this.#delta.byLabel(label, this.#version)?.paper);
    const ofBase = labels.filter(
      (label, i) => changed[i] === undefined && !this.#delta.masks(label, this.#version),
    );
    const papers = await this.#base.get(ofBase, fields);
    let next = 0;
    return labels.map((label, i) => {
      const paper = changed[i];
      if (paper !== undefined) return picked(paper, fields);
      return label === ofBase[next] ? papers[next++] : undefined;
    });
  }

  async list(filter: PaperFilter, from: number, limit: number, signal?: AbortSignal): Promise<PaperPage> {
    const { page, next } = pageOf((await this.subset(filter, signal)).labels, from, limit);
    const papers = await this.get(page);
    return { papers: papers.filter((paper) => paper !== undefined), next };
  }

  subset(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers> {
    return papersPassing(filter, this.#subsets, signal);
  }

  twins(label: number): readonly number[] {
    const changed = this.#delta.byLabel(label, this.#version);
    if (changed === undefined && this.#delta.masks(label, this.#version)) return [];
    if (changed === undefined && !this.#delta.mayRelate(label)) return this.#base.twins(label);
    const aliases = changed?.aliases ?? this.#base.lookUps.aliasesOf(label);
    const twins = new Set(aliases.flatMap((alias) => this.#delta.sharing(alias, this.#version)));
    twins.delete(label);
    return [...twins].sort((a, b) => a - b);
  }

  resembling(label: number, others: readonly number[], least: number): number[] {
    const sketch = this.lookUps.sketchOf(label);
    if (sketch === undefined) return [];
    return others.filter((other) => {
      const its = this.lookUps.sketchOf(other);
      return its !== undefined && mayResemble(sketch, 0, 0, least, its);
    });
  }

  async held(id: string): Promise<HeldVersion | undefined> {
    return heldUnder(this.lookUps, id);
  }

  async version(idOrAlias: string): Promise<string | undefined> {
    const label = labelNamed(this.lookUps, idOrAlias);
    const held = label === undefined ? undefined : this.lookUps.heldAt(label);
    return held && versionOf(held);
  }

  async embeddingOf(textHash: Buffer): Promise<Float32Array | undefined> {
    return this.#delta.embeddingOf(textHash) ?? this.#base.embeddingOf(textHash);
  }

  async close(): Promise<void> {
    // What is beneath belongs to who laid this over it.
  }
}

/** These fields of a paper, or all, in the order in which they are shown. */
function picked<Field extends keyof Paper>(
  paper: Paper,
  fields: readonly Field[] | undefined,
): Pick<Paper, Field> {
  const asked: readonly (keyof Paper)[] | undefined = fields;
  const entries = PAPER_FIELDS.filter((field) => asked?.includes(field) ?? true).map((field) => [
    field,
    paper[field],
  ]);
  // Object.fromEntries forgets the names.
  return Object.fromEntries(entries) as Pick<Paper, Field>;
}

/** Aliases of the base that are read at once, to find some that are not masked. */
const HOLDERS_A_PAGE = 16;

class OverlayLookUps implements LabelLookUps {
  readonly #base: LabelLookUps;
  readonly #delta: Delta;
  readonly #version: number;

  constructor(base: LabelLookUps, delta: Delta) {
    this.#base = base;
    this.#delta = delta;
    this.#version = delta.version;
  }

  byId(id: string): number | undefined {
    return this.#delta.byId(id, this.#version)?.label ?? this.#unmasked(this.#base.byId(id));
  }

  byArxiv(base: string): number | undefined {
    return this.#delta.byArxiv(base, this.#version)?.label ?? this.#unmasked(this.#base.byArxiv(base));
  }

  byAlias(key: string, from: number, limit: number): number[] {
    const found: number[] = [];
    for (let next: number | undefined = from; next !== undefined && found.length < limit; ) {
      const page: number[] = this.#base.byAlias(key, next, HOLDERS_A_PAGE);
      found.push(...page.filter((label) => !this.#delta.masks(label, this.#version)));
      next = page.length < HOLDERS_A_PAGE ? undefined : (page.at(-1) ?? 0) + 1;
    }
    found.push(...this.#delta.byAlias(key, this.#version).filter((label) => label >= from));
    return found.sort((a, b) => a - b).slice(0, limit);
  }

  aliasesOf(label: number): readonly string[] {
    const changed = this.#delta.byLabel(label, this.#version);
    if (changed !== undefined) return changed.aliases;
    return this.#delta.masks(label, this.#version) ? [] : this.#base.aliasesOf(label);
  }

  heldAt(label: number): HeldVersion | undefined {
    const changed = this.#delta.byLabel(label, this.#version);
    if (changed !== undefined) return changed.held;
    return this.#delta.masks(label, this.#version) ? undefined : this.#base.heldAt(label);
  }

  sketchOf(label: number): Uint32Array | undefined {
    const changed = this.#delta.byLabel(label, this.#version);
    if (changed !== undefined) return changed.sketch;
    return this.#delta.masks(label, this.#version) ? undefined : this.#base.sketchOf(label);
  }

  #unmasked(label: number | undefined): number | undefined {
    return label === undefined || this.#delta.masks(label, this.#version) ? undefined : label;
  }
}
