/** From papers to the vectors that stand for them. */
import { documentText } from './document-text.js';
import type { Embedder } from './embedder.js';

/**
 * How much the vector of the title alone counts beside that of title and abstract. Judged data, see docs/quality.md:
 * papers like a paper gain most (CSFCube), citing sentences and claims a little, and .2 to .5 differ by less than the
 * spread between queries.
 */
const TITLE_WEIGHT = 0.35;

/** What of a paper is embedded. */
export interface EmbeddedPaper {
  title: string;
  abstract: string;
}

/**
 * The unit vectors of papers, in their order: title and abstract as one passage, plus TITLE_WEIGHT times the title,
 * scaled to length 1. A paper of which only one of the two is known is that alone. Each text is embedded by itself, so a vector
 * does not depend on what else is asked for. Errors: those of `embedDocuments`.
 */
export async function embedPapers(
  embedder: Pick<Embedder, 'embedDocuments'>,
  papers: readonly EmbeddedPaper[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const titled = papers.filter(hasBoth);
  const texts = papers.map(({ title, abstract }) => documentText(title, abstract));
  const embedded = await embedder.embedDocuments([...texts, ...titled.map(({ title }) => title)], signal);
  let next = papers.length;
  return papers.flatMap((paper, i) => {
    const whole = embedded[i]?.vector;
    const title = hasBoth(paper) ? embedded[next++]?.vector : undefined;
    if (whole === undefined) return [];
    return [title === undefined ? whole : withTitle(whole, title)];
  });
}

function hasBoth({ title, abstract }: EmbeddedPaper): boolean {
  return title.trim() !== '' && abstract.trim() !== '';
}

/** The unit vector of `whole` + TITLE_WEIGHT `title`; both have length 1, so the sum is never 0. */
export function withTitle(whole: Float32Array, title: Float32Array): Float32Array {
  const sum = whole.map((value, i) => value + TITLE_WEIGHT * (title[i] ?? 0));
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}
