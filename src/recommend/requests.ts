/**
 * The schemas of all requests, by HTTP and by the command line: what validates them, and what the OpenAPI document is
 * made from.
 */
import { z } from 'zod';
import { DEFAULT_FIELDS, PAPER_FIELDS, type PaperField } from './answer.js';
import { firstDay, lastDay } from './days.js';
import { SEARCH_MODES } from './mode.js';
import { STRATEGIES } from './recommend.js';

const DEFAULT_RESULTS = 10;
const LONGEST_ID = 256;
const MOST_CATEGORIES = 100;

/** The settings that bound requests. */
export interface RequestLimits {
  /** The largest `limit`. */
  results: number;
  /** Also the most ids in any list of ids. */
  seeds: number;
  batch: number;
  /** The longest text of a query, in characters. */
  text: number;
  /** Different texts in one request. */
  texts: number;
}

/**
 * One schema for the GET and the POST form of a route. Each description says what is accepted; errors quote it.
 */
export function requestSchemas({ results, seeds, batch }: RequestLimits) {
  const limit = z
    .number()
    .int()
    .min(1)
    .max(results)
    .default(Math.min(DEFAULT_RESULTS, results))
    .describe(`a whole number from 1 to ${results}`);
  const fields = (standard: readonly PaperField[]) =>
    z
      .array(z.enum(PAPER_FIELDS))
      .min(1)
      .max(PAPER_FIELDS.length)
      .default([...standard])
      .describe(`a list of ${PAPER_FIELDS.join(', ')}`);
  const id = z.string().min(1).max(LONGEST_ID);
  const idList = z.array(id).min(1).max(seeds).describe(`a list of 1 to ${seeds} ids`);
  const filters = {
    from: day(firstDay).optional(),
    to: day(lastDay).optional(),
    category: z
      .array(z.string().trim().min(1).max(100))
      .min(1)
      .max(MOST_CATEGORIES)
      .optional()
      .describe('a list of categories; cs.* stands for all that begin so'),
    venue: words.optional().describe('words of a venue, 1 to 200 characters'),
    author: words.optional().describe('a name or part of one, 1 to 200 characters'),
  };
  const common = {
    limit,
    fields: fields(DEFAULT_FIELDS),
    ...filters,
    ids: idList.optional(),
    exclude: idList.optional(),
    minSimilarity: z.number().min(-1).max(1).optional().describe('a number from -1 to 1'),
    diversity: z.number().min(0).max(1).default(0).describe('a number from 0 to 1'),
    explain: flag,
    exact: flag,
  };
  const mode = z
    .enum(SEARCH_MODES)
    .default('hybrid')
    .describe(`one of ${SEARCH_MODES.join(', ')}`);
  const strategy = z.enum(STRATEGIES).default('best_score').describe(STRATEGIES.join(' or '));
  const seed = z
    .strictObject({
      id: id.optional(),
      text: z.string().optional(),
      weight: z.number().min(0.001).max(1000).optional(),
    })
    .refine((given) => (given.id === undefined) !== (given.text === undefined));
  const aSeed = 'each {"id": ...} or {"text": ...}, with an optional weight from 0.001 to 1000';
  return {
    similar: z.strictObject({ mode, ...common }),
    similarInBatch: z.strictObject({ id: id.describe('the id of a paper'), mode, ...common }),
    search: z.strictObject({ q: z.string().describe('the text to find papers for'), mode, ...common }),
    recommendations: z.strictObject({
      positives: z.array(seed).min(1).max(seeds).describe(`a list of 1 to ${seeds} seeds, ${aSeed}`),
      negatives: z.array(seed).max(seeds).default([]).describe(`a list of at most ${seeds} seeds, ${aSeed}`),
      strategy,
      mode,
      ...common,
    }),
    /** The GET form: ids only. */
    recommendationsById: z.strictObject({
      positive: idList,
      negative: z.array(id).max(seeds).default([]).describe(`a list of at most ${seeds} ids`),
      strategy,
      mode,
      ...common,
    }),
    batch: z.strictObject({
      requests: z
        .array(z.unknown())
        .min(1)
        .max(batch)
        .describe(
          `a list of 1 to ${batch} requests, each {"similar": {...}}, {"search": {...}} or {"recommendations": {...}}`,
        ),
    }),
    paper: z.strictObject({ fields: fields(PAPER_FIELDS) }),
    lookUp: z.strictObject({ ids: idList, fields: fields(DEFAULT_FIELDS) }),
    paperRecord,
    reembed,
    list: z.strictObject({
      limit,
      fields: fields(DEFAULT_FIELDS),
      ...filters,
      cursor: z.string().optional().describe('the value of `next` in the page before'),
    }),
  };
}

export type RequestSchemas = ReturnType<typeof requestSchemas>;

/** What a request of a batch may be; its parameters are those of the route, and the id for `similar`. */
export const BATCH_KINDS = ['similar', 'search', 'recommendations'] as const;

export const noParameters = z.strictObject({});

const text = z.string().nullable().optional();
const texts = z.array(z.string()).nullable().optional();

/**
 * A paper as PUT takes it: what GET gives of one is accepted as it is. What a text must look like is checked where papers
 * are read, see papers/formats/normalise.ts.
 */
const paperRecord = z.strictObject({
  id: z.string().optional().describe('the id in the path, or none'),
  title: z.string().describe('a text of 1 to 2,000 characters'),
  abstract: text.describe('a text of at most 100,000 characters'),
  authors: texts.describe('a list of names'),
  published: text.describe('a date such as 2024-05-31, or null'),
  updated: text.describe('a date such as 2024-05-31, or null'),
  year: z.int().nullable().optional().describe('a year from 1000 to 2200, or null'),
  categories: texts.describe('a list of categories, such as cs.LG'),
  venue: text.describe('a text, or null'),
  url: text.describe('an address that begins with http:// or https://, or null'),
  doi: text.describe('a DOI, or null'),
});

const reembed = z.strictObject({
  model: z
    .string()
    .min(1)
    .max(1000)
    .describe('one of the models that nearpaper brings, such as bge-small-en-v1.5'),
});

const flag = z.boolean().default(false).describe('true or false');
const words = z
  .string()
  .max(200)
  .refine((text) => /[\p{L}\p{N}]/u.test(text));

/** A day, a month or a year, read as the first or the last day of it. */
function day(read: (text: string) => string | undefined) {
  return z
    .string()
    .transform((text, context) => {
      const found = read(text);
      if (found === undefined) context.addIssue({ code: 'custom' });
      return found ?? z.NEVER;
    })
    .describe('a day, month or year: 2024-05-31, 2024-05 or 2024');
}

/** How the text of a GET parameter, or of a flag, becomes the JSON value that POST would carry. */
export const FROM_TEXT: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ['limit', numberOf],
  ['minSimilarity', numberOf],
  ['diversity', numberOf],
  ['exact', booleanOf],
  ['explain', booleanOf],
]);

/** Parameters that may be repeated, and those of them that may also hold several values separated by commas. */
export const LISTS: ReadonlySet<string> = new Set([
  'fields',
  'category',
  'ids',
  'exclude',
  'positive',
  'negative',
]);
export const COMMA_LISTS: ReadonlySet<string> = new Set(['fields', 'category']);

function numberOf(text: string): unknown {
  return /^-?(?:\d{1,15}(?:\.\d{1,15})?|\.\d{1,15})(?:e-?\d{1,2})?$/i.test(text) ? Number(text) : text;
}

function booleanOf(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}
