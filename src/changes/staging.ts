/**
 * What a group of writes comes to: decided one after the other, each as if those before it were done. Nothing is changed
 * here; the changes that come out are made durable together.
 */
import { NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import { aliasKey, aliasKeys, parseArxivId, slugOf } from '../papers/ids.js';
import type { IncomingPaper } from '../papers/paper.js';
import { type HeldVersion, type PaperStore, versionOf } from '../papers/store.js';
import type { WriteOptions, WriteOutcome } from './corpus-writer.js';

export type Condition = Pick<WriteOptions, 'ifMatch' | 'ifNoneMatch'>;

/** A paper that somebody wants to be held. */
export interface Wanted {
  paper: IncomingPaper;
  textHash: Buffer;
  contentHash: Buffer;
}

export class Staging {
  /** To be made durable, in this order. */
  readonly changes: Change[] = [];
  readonly #store: PaperStore;
  /** By key: what this group made of a paper; null where it removed it. */
  readonly #staged = new Map<string, HeldVersion | null>();
  /** The aliases of what this group put, with the ids they stand for. */
  readonly #aliases = new Map<string, string>();
  #seq: number;
  #label: number;

  /** `seq`: of the last change before. */
  constructor(store: PaperStore, seq: number) {
    this.#store = store;
    this.#seq = seq;
    this.#label = store.highestLabel;
  }

  /**
   * What becomes of a paper. `vector`: asked for only when there is something to store. Errors: `precondition_failed`;
   * those of `vector`.
   */
  async put(
    { paper, textHash, contentHash }: Wanted,
    condition: Condition,
    vector: () => Promise<Float32Array>,
  ): Promise<WriteOutcome> {
    const id = paper.id ?? (await this.#madeId(paper.title, textHash));
    const arxiv = parseArxivId(id);
    const held = await this.#held(id);
    checkCondition(id, held, condition);
    // An id without a version speaks for the latest one.
    const version = arxiv?.version ?? null;
    const heldVersion = held?.arxivVersion ?? (version === null ? -1 : Number.POSITIVE_INFINITY);
    if (held !== undefined && (version ?? Number.POSITIVE_INFINITY) < heldVersion) {
      return { outcome: 'older_version', id: held.id };
    }
    const isSame =
      held !== undefined && held.arxivVersion === version && held.contentHash.equals(contentHash);
    if (isSame) return { outcome: 'unchanged', id: held.id, version: versionOf(held) };
    const made = await vector();
    const kept = held?.id ?? id;
    const label = held?.label ?? ++this.#label;
    this.changes.push({
      kind: 'put',
      seq: ++this.#seq,
      label,
      paper: { ...paper, id: kept },
      arxivVersion: version,
      vector: made,
    });
    for (const key of aliasKeys({ ...paper, id: kept })) this.#aliases.set(key, kept);
    this.#staged.set(keyOf(kept), { label, id: kept, arxivVersion: version, contentHash, textHash });
    return {
      outcome: held === undefined ? 'created' : 'changed',
      id: kept,
      version: versionOf({ id: kept, contentHash }),
    };
  }

  /** Errors: `unknown_paper`, `precondition_failed`. */
  async remove(idOrAlias: string, condition: Condition): Promise<{ id: string }> {
    const id = await this.#resolve(idOrAlias);
    const held = id === undefined ? undefined : await this.#held(id);
    if (held === undefined) {
      const message = `The corpus has no paper ${JSON.stringify(idOrAlias)}.`;
      throw new NearpaperError('unknown_paper', message, { ids: [idOrAlias] });
    }
    checkCondition(held.id, held, condition);
    this.changes.push({ kind: 'remove', seq: ++this.#seq, label: held.label, id: held.id });
    this.#staged.set(keyOf(held.id), null);
    return { id: held.id };
  }

  async #held(id: string): Promise<HeldVersion | undefined> {
    const staged = this.#staged.get(keyOf(id));
    return staged === undefined ? this.#store.held(id) : (staged ?? undefined);
  }

  /** The id of the paper that is meant: by its own id, by an alias that the corpus knows, or by one of this very group. */
  async #resolve(idOrAlias: string): Promise<string | undefined> {
    if (this.#staged.has(keyOf(idOrAlias))) return idOrAlias;
    const known = (await this.#store.resolve(idOrAlias))?.id;
    return known ?? this.#aliases.get(aliasKey(idOrAlias) ?? '');
  }

  /** As a build does: from the title, with a suffix from the text's hash where another text has the title already. */
  async #madeId(title: string, textHash: Buffer): Promise<string> {
    const suffix = textHash.toString('hex').slice(0, 8);
    const slug = slugOf(title);
    if (slug === '') return `paper-${suffix}`;
    const holder = await this.#held(slug);
    return holder === undefined || holder.textHash.equals(textHash) ? slug : `${slug}-${suffix}`;
  }
}

/** One for all ids that are one paper: versions of an arXiv paper are. */
function keyOf(id: string): string {
  return parseArxivId(id) === undefined ? `id:${id}` : (aliasKey(id) ?? id);
}

function checkCondition(
  id: string,
  held: HeldVersion | undefined,
  { ifMatch, ifNoneMatch }: Condition,
): void {
  const failed = (detail: string) => new NearpaperError('precondition_failed', detail, { ids: [id] });
  if (ifNoneMatch !== undefined && held !== undefined) throw failed(`The corpus has ${held.id} already.`);
  if (ifMatch === undefined) return;
  if (held === undefined) throw failed(`The corpus has no paper ${id}.`);
  if (ifMatch !== '*' && !ifMatch.includes(versionOf(held)))
    throw failed(`${held.id} was changed meanwhile: read it again.`);
}
