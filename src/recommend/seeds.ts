/** Positives and negatives: from what callers name to vectors. */
import { documentText } from '../embedding/document-text.js';
import { NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';
import type { FoundPaper } from '../papers/store.js';
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
  /** Its words: those of the paper's title and abstract, or of the text without marks of citations. */
  text: string;
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
        if (embedded) found[side].push(textSeed(input.text, embedded.vector, weight));
        continue;
      }
      const paper = await corpus.store.find(input.id);
      if (paper === undefined) unknown[side].add(input.id);
      else {
        found[side].push(await paperSeed(corpus, paper, weight));
        if (paper.abstract === '') bare.add(paper.id);
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

function textSeed(text: string, vector: Float32Array, weight: number): Seed {
  return { label: null, vector, weight, name: { text }, text: withoutCitationMarks(text) };
}

async function paperSeed(corpus: Corpus, paper: FoundPaper, weight: number): Promise<Seed> {
  const { label, id, title, abstract } = paper;
  const [vector] = await corpus.vectors.vectors([label]);
  if (vector === undefined)
    throw new NearpaperError('internal', `The index has no vector for the stored paper ${id}.`);
  return { label, vector, weight, name: { id }, text: documentText(title, abstract) };
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

/** What reasons compare a result with. */
export function sourcesOf(positives: readonly Seed[]): Source[] {
  return positives.map(({ name, vector, text }) => ({
    name: 'text' in name ? { text: beginning(name.text) } : name,
    vector,
    text,
  }));
}

const SHOWN = 80;

function beginning(text: string): string {
  const characters = [...text.trim()];
  return characters.length <= SHOWN ? characters.join('') : `${characters.slice(0, SHOWN - 1).join('')}…`;
}
