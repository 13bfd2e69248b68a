/**
 * The bodies of all answers, as the OpenAPI document shows them. Nothing validates with them when the service runs: a
 * test holds them against real answers, strictly, so that a field that is missing here fails.
 */
import { z } from 'zod';

const count = z.int().min(0);
const similarity = z.number().min(-1).max(1);
const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .nullable();
const ids = z.array(z.string());

const paper = z
  .strictObject({
    id: z.string().describe('Byte for byte what the corpus gave, or made from the title.'),
    title: z.string().optional(),
    authors: z.array(z.string()).optional(),
    published: day.optional().describe('Day of publication, YYYY-MM-DD; null when the corpus does not say.'),
    venue: z.string().nullable().optional(),
    url: z.string().nullable().optional(),
    abstract: z.string().optional().describe('Empty when the corpus has none.'),
    year: z.int().nullable().optional(),
    updated: day.optional().describe('Day of the last update, YYYY-MM-DD.'),
    categories: z.array(z.string()).optional(),
    doi: z.string().nullable().optional(),
  })
  .describe('A paper, cut down to the fields that were asked for; the id is always there.');

const nearestSeed = z
  .union([
    z.strictObject({ id: z.string(), similarity }),
    z.strictObject({ text: z.string().describe('The beginning of the text.'), similarity }),
  ])
  .describe('The positive that the paper is nearest to, with that cosine. Absent for a search.');

const reasons = z
  .strictObject({
    nearestSeed: nearestSeed.optional(),
    terms: z
      .array(z.string())
      .describe('Informative words shared with the query or that seed, most telling first.'),
    sentence: z
      .string()
      .nullable()
      .describe('The sentence of the abstract that has most of the shared words; null when none has any.'),
  })
  .describe('Why a paper is among the results.');

const result = z.strictObject({
  paper,
  similarity: similarity.describe('Cosine with what was asked for, -1 to 1. Comparable between requests.'),
  score: z.number().describe('What results are ordered by. Not comparable between requests.'),
  percentile: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .describe(
      'Share of random pairs of this corpus that are less similar, in percent; null without a sample.',
    ),
  reasons: reasons.optional().describe('Only with explain.'),
  also: ids.describe('Ids of near-identical papers that this result stands for.'),
});

const detail = z.string().describe('The same for people.');
const warning = z
  .discriminatedUnion('code', [
    z.strictObject({ code: z.literal('unknown_ids'), detail, field: z.string(), ids }),
    z.strictObject({ code: z.literal('no_abstract'), detail, ids }),
    z.strictObject({ code: z.literal('text_truncated'), detail }),
    z.strictObject({ code: z.literal('read_as_id'), detail, ids }),
    z.strictObject({ code: z.literal('phrase_not_found'), detail, phrases: z.array(z.string()) }),
    z.strictObject({ code: z.literal('undated_papers'), detail, count }),
    z.strictObject({ code: z.literal('nothing_matches'), detail }),
  ])
  .describe('What a caller should know about an answer that is no error.');

const answer = z.strictObject({
  results: z.array(result).describe('Best first; ties by id.'),
  noGoodMatch: z
    .boolean()
    .describe('Even the best result is no closer than what hardly any real query of this kind gets.'),
  warnings: z.array(warning),
  index: z.strictObject({
    generation: z.string(),
    size: count.describe('Papers in the corpus.'),
    model: z.string(),
    exact: z.boolean().describe('Whether the search was exhaustive.'),
  }),
});

const list = z.strictObject({
  papers: z.array(paper),
  next: z.string().nullable().describe('The cursor of the next page; null after the last one.'),
  warnings: z.array(warning),
});

const lookUp = z.strictObject({
  papers: z
    .array(
      z.strictObject({
        asked: z.string().describe('The id as it was asked for.'),
        paper: paper.nullable().describe('null for an id that the corpus does not know.'),
      }),
    )
    .describe('In the order asked.'),
  warnings: z.array(warning),
});

const problem = z
  .strictObject({
    type: z.string().describe('urn:nearpaper:error: and the code.'),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string().describe('Stable: for programs.'),
    detail: z.string().describe('What is wrong and what to do, for people.'),
    field: z.string().optional().describe('The offending field or parameter, as the caller wrote it.'),
    accepted: z.string().optional().describe('What would be accepted instead.'),
    ids: ids.optional().describe('Ids that the error is about.'),
    retryAfter: z.int().min(1).optional().describe('Seconds after which the same call may work.'),
    problems: z
      .array(z.strictObject({ field: z.string(), detail: z.string() }))
      .optional()
      .describe('Every problem of the request, when there are several.'),
    requestId: z
      .string()
      .optional()
      .describe('As in X-Request-Id. Absent in a batch, and where no request could be read.'),
  })
  .describe('Problem details, RFC 9457.');

const batch = z.strictObject({
  results: z
    .array(
      z.union([
        z.strictObject({ status: z.literal(200), answer }),
        z.strictObject({ status: z.int().min(400).max(599), problem }),
      ]),
    )
    .describe('One for each request, in their order.'),
});

const percentileTable = z
  .strictObject({
    pairs: count.describe('Random pairs in the sample.'),
    points: z
      .array(z.array(z.number()).length(2))
      .describe('Similarity, and the share of pairs that reach it.'),
  })
  .nullable();
const lengthPoint = z.strictObject({ words: z.number(), similarity });

const info = z.strictObject({
  version: z.string(),
  generation: z.string(),
  created: z.iso.datetime(),
  sample: z.boolean().describe('Whether this is the corpus that ships with nearpaper.'),
  papers: count,
  pendingChanges: count.describe('Live changes that are in no published generation yet.'),
  model: z.strictObject({ name: z.string(), fingerprint: z.string(), dimensions: z.int().min(1) }),
  search: z.strictObject({
    engine: z.enum(['hnsw', 'exact']),
    note: z.string().nullable().describe('Why exact search stands in for HNSW, where it does.'),
    hnsw: z
      .strictObject({ M: z.int(), efConstruction: z.int(), ef: z.int() })
      .nullable()
      .describe('Parameters of the HNSW index; null where there is none.'),
    recall: z
      .strictObject({ recall: z.number().min(0).max(1), k: count, queries: count })
      .nullable()
      .describe('recall@k of HNSW against exact search, measured at the build.'),
  }),
  keywords: z.strictObject({ terms: count }),
  calibration: z
    .strictObject({
      percentiles: z.strictObject({ paper: percentileTable, text: percentileTable }),
      floor: z
        .strictObject({ title: lengthPoint, abstract: lengthPoint.nullable() })
        .nullable()
        .describe('Where noGoodMatch begins, by the length of the query.'),
    })
    .describe('What similarities mean in this corpus.'),
  limits: z.strictObject({
    results: count,
    textCharacters: count,
    getTextCharacters: count,
    bodyBytes: count,
    seeds: count,
    texts: count,
    batch: count,
    deadlineMs: count,
  }),
});

const about = z.strictObject({
  name: z.literal('nearpaper'),
  version: z.string(),
  routes: z.array(z.string()),
});

const written = z.strictObject({
  outcome: z
    .enum(['created', 'changed', 'unchanged'])
    .describe('unchanged: the corpus has this paper with this content already.'),
  id: z.string().describe('The id that the corpus has.'),
});

const lineError = problem
  .omit({ type: true, title: true, status: true, requestId: true })
  .describe('What a problem would say.');

/** One line of the answer to an import. */
export const IMPORT_ANSWER = z
  .union([
    z.strictObject({
      line: z.int().min(1),
      id: z.string(),
      outcome: z.enum(['created', 'changed', 'unchanged', 'older_version', 'deleted']),
    }),
    z.strictObject({ line: z.int().min(1), error: lineError }),
    z
      .strictObject({
        done: z.boolean().describe('Whether every line was read.'),
        created: count,
        changed: count,
        unchanged: count,
        older: count,
        deleted: count,
        refused: count,
        error: lineError.optional().describe('Why not every line was read.'),
      })
      .describe('The last line. Where it is missing, the connection broke.'),
  ])
  .describe('What became of one line, which is counted from 1, blank lines included.');

const writerStatus = z.strictObject({
  generation: z.string(),
  papers: count,
  model: z.string(),
  changes: z.strictObject({
    last: count.describe('Number of the last change that was acknowledged.'),
    pending: count.describe('Acknowledged, and not in the published generation yet.'),
    queued: count.describe('Asked for, and not acknowledged yet.'),
    queue: count.describe('As many may be queued.'),
  }),
  rebuild: z.discriminatedUnion('state', [
    z.strictObject({ state: z.literal('idle') }),
    z.strictObject({
      state: z.literal('running'),
      since: z.iso.datetime(),
      progress: z.number().min(0).max(1),
    }),
    z.strictObject({
      state: z.literal('failed'),
      since: z.iso.datetime(),
      code: z.string(),
      detail,
      nextAttempt: z.iso.datetime().nullable(),
    }),
  ]),
});

/** By the names they have in the document. */
export const ANSWERS = {
  Paper: paper,
  Reasons: reasons,
  Result: result,
  Warning: warning,
  Answer: answer,
  PaperList: list,
  LookUpAnswer: lookUp,
  BatchAnswer: batch,
  Problem: problem,
  Info: info,
  About: about,
  Written: written,
  Deleted: z.strictObject({ deleted: z.string().describe('The id that the corpus had.') }),
  WriterStatus: writerStatus,
  Served: z.strictObject({ generation: z.string().describe('What answers now.'), papers: count }),
  Live: z.strictObject({ status: z.literal('live') }),
  Ready: z.strictObject({ status: z.literal('ready'), generation: z.string() }),
} as const satisfies Record<string, z.ZodType>;

export type AnswerName = keyof typeof ANSWERS;
