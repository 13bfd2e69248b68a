/** What each parameter is for, with an example. What is accepted is said by the schemas. */
import type { Config } from '../../config.js';
import type { RequestSchemas } from '../../recommend/requests.js';

/** Every name in any query: one that is added to the schemas must be described here. */
export type ParameterName = {
  [Name in Exclude<keyof RequestSchemas, Write>]: keyof RequestSchemas[Name]['shape'] & string;
}[Exclude<keyof RequestSchemas, Write>];

/** The schemas of writes: what their names mean is in WRITE_NOTES. */
type Write = 'paperRecord' | 'reembed';
type WriteName = { [Name in Write]: keyof RequestSchemas[Name]['shape'] & string }[Write];

export interface Note {
  /** What it does. */
  text: string;
  /** A value that works on the sample corpus, as JSON. */
  example: unknown;
  /** What is checked outside of the schema, as JSON Schema. `q` and seeds: see components.ts. */
  checked?: Record<string, unknown>;
}

/** Papers of the sample corpus. */
export const SAMPLE = {
  longContext: 'locret-enhancing-eviction-in-long-context-llm-inference-with-trained-retaining',
  selfPlay: 'self-play-fine-tuning-converts-weak-language-models-to-strong-language-models',
  nash: 'nash-learning-from-human-feedback',
  ranking: 'preference-ranking-optimization-for-human-alignment',
  browserAgents: 'refusal-trained-llms-are-easily-jailbroken-as-browser-agents',
} as const;

const DAY = { pattern: '^\\s*\\d{4}(-\\d{2}(-\\d{2})?)?\\s*$' };
/** A word has a letter or a digit. */
const WORDS = { pattern: '[\\p{L}\\p{N}]' };

export const NOTES: Readonly<Record<ParameterName, Note>> = {
  q: {
    text:
      'The text to find papers for: a question, a title, an abstract. "Words in quotes" must stand in a paper as ' +
      'they are, except with mode=semantic. The id or DOI of a paper is answered as that paper',
    example: 'agents that use a browser',
    checked: { minLength: 1, pattern: '\\S' },
  },
  mode: {
    text:
      'What papers are compared by: meaning (semantic), words (keyword), or both (hybrid). Negatives count by ' +
      'meaning alone: in keyword mode they are only left out',
    example: 'hybrid',
  },
  id: { text: 'The paper whose neighbours are wanted', example: SAMPLE.longContext },
  positives: {
    text: 'What to be near to: papers and texts, with weights (1 by default)',
    example: [{ id: SAMPLE.longContext }, { text: 'agents that complete tasks on the Web', weight: 2 }],
  },
  negatives: { text: 'What to stay away from', example: [{ id: SAMPLE.browserAgents }] },
  positive: { text: 'Ids of papers to be near to', example: [SAMPLE.selfPlay, SAMPLE.ranking] },
  negative: { text: 'Ids of papers to stay away from', example: [SAMPLE.browserAgents] },
  strategy: {
    text:
      'How several seeds make one order by meaning. best_score: the nearest positives decide, less three tenths of ' +
      'the nearest negatives; for readers with several interests. average: near the mean of all (Rocchio)',
    example: 'average',
  },
  limit: { text: 'How many papers', example: 3 },
  fields: { text: 'What to tell of each paper; the id always is', example: ['title', 'year'] },
  from: { text: 'Only papers published on this day or later', example: '2024', checked: DAY },
  to: { text: 'Only papers published on this day or earlier', example: '2024-06', checked: DAY },
  category: { text: 'Only papers in one of these categories', example: ['cs.*', 'stat.ML'] },
  venue: { text: 'Only papers of this venue', example: 'ICLR', checked: WORDS },
  author: { text: 'Only papers by this author', example: 'Lovelace', checked: WORDS },
  ids: { text: 'Only these papers', example: [SAMPLE.nash, SAMPLE.ranking] },
  exclude: { text: 'None of these papers', example: [SAMPLE.browserAgents] },
  minSimilarity: { text: 'Only papers whose cosine is at least this', example: 0.3 },
  diversity: {
    text: 'Maximal marginal relevance: 0 orders by score alone, 1 by how little a paper resembles those before it',
    example: 0.3,
  },
  explain: { text: 'Whether each result says why it is there', example: true },
  exact: { text: 'Search every paper: recall 1, slower on a large corpus', example: true },
  cursor: { text: 'Where to go on; absent: from the beginning', example: 'ZnJvbToxMA' },
  requests: {
    text: 'What to ask; each is answered or refused by itself',
    example: [
      { similar: { id: SAMPLE.longContext, limit: 1 } },
      { search: { q: 'agents that use a browser', limit: 1 } },
      { recommendations: { positives: [{ id: SAMPLE.nash }], limit: 1 } },
    ],
  },
};

const OR_MONTH = 'Of a month or a year only the year is kept';

/** Each name of a paper that is written, and of what administration takes. */
export const WRITE_NOTES: Readonly<Record<WriteName, Note>> = {
  id: { text: 'The id, which is that of the path', example: 'arXiv:2401.00001v2' },
  title: { text: 'The title', example: 'Trees that grow', checked: { minLength: 1, pattern: '\\S' } },
  abstract: {
    text: 'The abstract; without one the title alone is compared',
    example: 'We let decision trees grow while they are used.',
  },
  authors: { text: 'The authors, in their order', example: ['Ada Lovelace', 'Alan Turing'] },
  published: { text: `When it was published. ${OR_MONTH}`, example: '2024-01-02' },
  updated: { text: `When it was last changed. ${OR_MONTH}`, example: '2024-05-31' },
  year: { text: 'The year of publication, where no day is known', example: 2024 },
  categories: { text: 'Its categories', example: ['cs.LG', 'stat.ML'] },
  venue: { text: 'Where it was published', example: 'A Workshop on Trees' },
  url: { text: 'Where it can be read. Any other address is dropped', example: 'https://example.org/trees' },
  doi: { text: 'Its DOI, by which it is found too', example: '10.1000/182' },
  model: { text: 'The model whose vectors are wanted', example: 'all-MiniLM-L6-v2' },
};

/** "What it does. Accepted: what may be given." */
export function describe({ text }: Note, accepted: unknown): string {
  return typeof accepted === 'string' ? `${text}. Accepted: ${accepted.replace(/\.$/, '')}.` : `${text}.`;
}

/** A text that a model reads, with the longest that is accepted. */
export function textSchema(longest: number): Record<string, unknown> {
  return { type: 'string', minLength: 1, maxLength: longest, pattern: '\\S' };
}

export type Limits = Config['limits'];
