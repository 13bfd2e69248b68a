/** Positives and negatives: from what callers name to vectors. */
import { documentText } from '../embedding/document-text.js';
import { NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';
import type { Warning } from './answer.js';
import { withoutCitationMarks } from './citation-marks.js';
import type { Corpus, SearchableCorpus } from './corpus.js';
import { unknownIds } from './narrowing.js';
import type { Source } from './reasons.js';

/** A paper of the corpus or a text, and how much it counts (above 0; 1 when absent). */
export type SeedInput = ({ id: string } | { text: string }) & { weight?: number | undefined };

/** A seed that was found, ready to be compared. */
export interface Seed {
  /** null for a text. */
  label: number | null;
  vector: Float32Array;
  weight: number;
  /** The id, or the text. */
  name: { id: string } | { text: string };
}

export interface Seeds {
  positives: Seed[];
  negatives: Seed[];
  warnings: Warning[];
}

/**
 * Finds the papers and embeds the texts, each distinct one once. Errors: `unknown_paper`, which lists them, when no
 * positive is left; those of the embedder.
 */
export async function findSeeds(
  corpus: Corpus | SearchableCorpus,
  inputs: { positives: readonly SeedInput[]; negatives: readonly SeedInput[] },
  signal: AbortSignal | undefined,
): Promise<Seeds> {
  const warnings: Warning[] = [];
  const vectors = await embedTexts(corpus, [...inputs.positives, ...inputs.negatives], signal);
  if ([...vectors.values()].some(({ truncated }) => truncated)) warnings.push(TRUNCATED);
  const bare = new Set<string>();
  const found = { positives: [] as Seed[], negatives: [] as Seed[] };
  const unknown = { positives: new Set<string>(), negatives: new Set<string>() };
  const pace = new Pace(signal);
  for (const side of ['positives', 'negatives'] as const) {
    for (const input of inputs[side]) {
      if (pace.due()) await pace.turn();
      const weight = input.weight ?? 1;
      if ('text' in input) {
        const embedded = vectors.get(input.text);
        if (embedded)
          found[side].push({ label: null, vector: embedded.vector, weight, name: { text: input.text } });
        continue;
      }
      const paper = await findPaper(corpus, input.id);
      if (paper === undefined) unknown[side].add(input.id);
      else {
        found[side].push({ ...paper, weight, name: { id: paper.id } });
        if (!paper.hasAbstract) bare.add(paper.id);
      }
    }
  }
  if (found.positives.length === 0)
    throw noneKnown([...new Set([...unknown.positives, ...unknown.negatives])].sort());
  for (const side of ['positives', 'negatives'] as const) {
    if (unknown[side].size > 0) warnings.push(unknownIds(side, [...unknown[side]].sort()));
  }
  // Sorted, since the order of seeds means nothing and must show nowhere.
  if (bare.size > 0) warnings.push(titleAlone([...bare].sort()));
  return { ...found, warnings };
}

/** Waiting in the embedding queue at once for one request: enough to keep every worker busy, few enough for others. */
const TEXTS_AT_ONCE = 8;

async function embedTexts(
  corpus: Corpus | SearchableCorpus,
  inputs: readonly SeedInput[],
  signal: AbortSignal | undefined,
): Promise<Map<string, { vector: Float32Array; truncated: boolean }>> {
  const texts = [...new Set(inputs.flatMap((input) => ('text' in input ? [input.text] : [])))];
  const vectors = new Map<string, { vector: Float32Array; truncated: boolean }>();
  if (texts.length === 0) return vectors;
  if (!('embedder' in corpus))
    throw new NearpaperError('internal', 'No model was opened to embed texts with.');
  const { embedder } = corpus;
  for (let from = 0; from < texts.length; from += TEXTS_AT_ONCE) {
    const some = texts.slice(from, from + TEXTS_AT_ONCE);
    const embedded = await Promise.all(
      some.map((text) => embedder.embedQuery(withoutCitationMarks(text), signal)),
    );
    for (const [i, text] of some.entries()) {
      const one = embedded[i];
      if (one !== undefined) vectors.set(text, one);
    }
  }
  return vectors;
}

async function findPaper(
  corpus: Corpus,
  idOrAlias: string,
): Promise<{ label: number; id: string; vector: Float32Array; hasAbstract: boolean } | undefined> {
  const paper = await corpus.store.resolve(idOrAlias);
  if (paper === undefined) return undefined;
  const [vector] = await corpus.vectors.vectors([paper.label]);
  if (vector === undefined) {
    throw new NearpaperError('internal', `The index has no vector for the stored paper ${paper.id}.`);
  }
  return { label: paper.label, id: paper.id, vector, hasAbstract: paper.hasAbstract };
}

function noneKnown(ids: string[]): NearpaperError {
  const shown = ids.slice(0, 3).map((id) => JSON.stringify(id));
  const more = ids.length > shown.length ? ` and ${ids.length - shown.length} more` : '';
  return new NearpaperError('unknown_paper', `The corpus has no paper ${shown.join(', ')}${more}.`, { ids });
}

export const TRUNCATED: Warning = {
  code: 'text_truncated',
  detail: "The text is longer than the model's window; only its beginning was compared.",
};

export function titleAlone(ids: string[]): Warning {
  return {
    code: 'no_abstract',
    detail: 'Compared by the title alone: the corpus has no abstract.',
    ids,
  };
}

/** The words of a seed: those of its paper, or the text itself. */
export async function textOfSeed(corpus: Corpus, { label, name }: Seed): Promise<string> {
  if ('text' in name) return withoutCitationMarks(name.text);
  const [paper] = label === null ? [] : await corpus.store.get([label]);
  return paper === undefined ? '' : documentText(paper.title, paper.abstract);
}

/** What reasons compare a result with. `explain` off: nothing is looked up. */
export async function sourcesOf(
  corpus: Corpus,
  positives: readonly Seed[],
  explain: boolean,
  signal: AbortSignal | undefined,
): Promise<Source[]> {
  const sources: Source[] = [];
  const pace = new Pace(signal);
  for (const seed of explain ? positives : []) {
    if (pace.due()) await pace.turn();
    const { name, vector } = seed;
    const text = await textOfSeed(corpus, seed);
    sources.push({ name: 'text' in name ? { text: beginning(name.text) } : name, vector, text });
  }
  return sources;
}

const SHOWN = 80;

function beginning(text: string): string {
  const characters = [...text.trim()];
  return characters.length <= SHOWN ? characters.join('') : `${characters.slice(0, SHOWN - 1).join('')}…`;
}
