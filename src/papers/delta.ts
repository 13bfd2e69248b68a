/**
 * The papers that changes brought, and what they mask in the store beneath, at every moment since the first change.
 * Nothing is taken back: a paper remembers from which change until which it stands, so that a moment is one number, and
 * what was answered at it stays the answer.
 */
import { aliasKeys, parseArxivId } from './ids.js';
import type { HeldVersion, LabelLookUps } from './look-ups.js';
import type { Paper } from './paper.js';
import { factsOf, type PaperFacts } from './paper-facts.js';
import { contentHash, textHash } from './paper-row.js';
import { SKETCH_WORDS, writeSketch } from './text-sketch.js';
import { MOST_HOLDERS } from './twins.js';

/** One content of one paper. */
export interface DeltaPaper {
  readonly label: number;
  readonly paper: Paper;
  readonly held: HeldVersion;
  readonly aliases: readonly string[];
  readonly facts: PaperFacts;
  /** Of its abstract: see text-sketch.ts. */
  readonly sketch: Uint32Array;
  /** The change that brought it. */
  readonly since: number;
  /** The change that replaced or removed it; infinite until there is one. */
  until: number;
}

/**
 * An alias that so many papers of the store beneath have stays that of a volume whatever changes: to count whether it
 * has come down to `MOST_HOLDERS` would take all of them.
 */
const VOLUME = 8 * MOST_HOLDERS;

export function standsAt(paper: DeltaPaper, version: number): boolean {
  return paper.since <= version && version < paper.until;
}

export class Delta {
  readonly #base: LabelLookUps;
  #version = 0;
  #standing = 0;
  /** In the order of their changes. */
  readonly #papers: DeltaPaper[] = [];
  /** Those that ever had the name, in the order of their changes. */
  readonly #byLabel = new Map<number, DeltaPaper[]>();
  readonly #byId = new Map<string, DeltaPaper[]>();
  readonly #byArxiv = new Map<string, DeltaPaper[]>();
  readonly #byAlias = new Map<string, DeltaPaper[]>();
  /** By the hash of the text, in hex. */
  readonly #embeddings = new Map<string, Float32Array>();
  /** Papers of the base, and the first change of each: what was masked never shows again. */
  readonly #masked = new Map<number, number>();
  /** Of each alias that a change may have given other holders: its holders in the base, undefined for a volume's. */
  readonly #holdersInBase = new Map<string, readonly number[] | undefined>();
  /** All of these holders. */
  readonly #related = new Set<number>();

  constructor(base: LabelLookUps) {
    this.#base = base;
  }

  /** How many changes there were: the moment after the last of them. */
  get version(): number {
    return this.#version;
  }

  /** How many papers of changes stand at the last moment. */
  get standing(): number {
    return this.#standing;
  }

  /** How many papers of the base are changed or removed at the last moment. */
  get maskedCount(): number {
    return this.#masked.size;
  }

  /** `vector`: the unit vector of its text. Some 40 microseconds, most of them for the sketch and the hashes. */
  put(label: number, paper: Paper, arxivVersion: number | null, vector: Float32Array): void {
    this.#retire(label);
    const sketch = new Uint32Array(SKETCH_WORDS);
    writeSketch(paper.abstract, sketch, 0);
    const text = textHash(paper);
    const one: DeltaPaper = {
      label,
      paper,
      held: { label, id: paper.id, arxivVersion, contentHash: contentHash(paper), textHash: text },
      aliases: aliasKeys(paper),
      facts: factsOf(paper),
      sketch,
      since: this.#version,
      until: Number.POSITIVE_INFINITY,
    };
    this.#standing++;
    this.#papers.push(one);
    file(this.#byLabel, label, one);
    file(this.#byId, paper.id, one);
    const arxiv = parseArxivId(paper.id);
    if (arxiv !== undefined) file(this.#byArxiv, arxiv.base, one);
    for (const alias of one.aliases) {
      file(this.#byAlias, alias, one);
      this.#relate(alias);
    }
    this.#embeddings.set(text.toString('hex'), vector);
  }

  remove(label: number): void {
    this.#retire(label);
  }

  /** Begins the next moment: from it on nothing stands for this label. */
  #retire(label: number): void {
    this.#version++;
    const last = this.#byLabel.get(label)?.at(-1);
    if (last !== undefined && last.until > this.#version) {
      last.until = this.#version;
      this.#standing--;
    }
    if (this.#masked.has(label) || this.#base.heldAt(label) === undefined) return;
    this.#masked.set(label, this.#version);
    for (const alias of this.#base.aliasesOf(label)) this.#relate(alias);
  }

  #relate(alias: string): void {
    if (this.#holdersInBase.has(alias)) return;
    const holders = this.#base.byAlias(alias, 0, VOLUME + 1);
    const few = holders.length > VOLUME ? undefined : holders;
    this.#holdersInBase.set(alias, few);
    for (const label of few ?? []) this.#related.add(label);
  }

  /** Every paper that a change brought, standing or not, in the order of the changes. */
  get papers(): readonly DeltaPaper[] {
    return this.#papers;
  }

  byLabel(label: number, version: number): DeltaPaper | undefined {
    return lastStanding(this.#byLabel.get(label), version);
  }

  byId(id: string, version: number): DeltaPaper | undefined {
    return lastStanding(this.#byId.get(id), version);
  }

  byArxiv(base: string, version: number): DeltaPaper | undefined {
    return lastStanding(this.#byArxiv.get(base), version);
  }

  /** The labels of the papers with this alias, in no order. */
  byAlias(key: string, version: number): number[] {
    const papers = this.#byAlias.get(key) ?? [];
    return papers.flatMap((paper) => (standsAt(paper, version) ? [paper.label] : []));
  }

  /** Of any moment: it depends on the text alone. */
  embeddingOf(hash: Buffer): Float32Array | undefined {
    return this.#embeddings.get(hash.toString('hex'));
  }

  /** Whether the base's paper of this label is changed or removed. */
  masks(label: number, version: number): boolean {
    return (this.#masked.get(label) ?? Number.POSITIVE_INFINITY) <= version;
  }

  /** The labels of the first `count` papers of the base that were changed or removed. */
  masked(count: number): number[] {
    return [...this.#masked.keys()].slice(0, count);
  }

  /** Whether this paper of the base may have other twins than it has there, at some moment. */
  mayRelate(label: number): boolean {
    return this.#related.has(label);
  }

  /** The papers that have this alias, in no order; none when they are too many to be one paper. */
  sharing(alias: string, version: number): number[] {
    const inBase = this.#holdersInBase.has(alias)
      ? this.#holdersInBase.get(alias)
      : this.#base.byAlias(alias, 0, MOST_HOLDERS + 1);
    if (inBase === undefined) return [];
    const holders = inBase.filter((label) => !this.masks(label, version));
    holders.push(...this.byAlias(alias, version));
    return holders.length > MOST_HOLDERS ? [] : holders;
  }
}

function file<Name>(papers: Map<Name, DeltaPaper[]>, name: Name, paper: DeltaPaper): void {
  const known = papers.get(name);
  if (known === undefined) papers.set(name, [paper]);
  else known.push(paper);
}

/** Of papers of which one stands at most: mostly the last. */
function lastStanding(papers: readonly DeltaPaper[] | undefined, version: number): DeltaPaper | undefined {
  return papers?.findLast((paper) => standsAt(paper, version));
}
