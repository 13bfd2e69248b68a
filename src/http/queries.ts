/** From requests as they were validated to the queries of recommend/. */
import type { z } from 'zod';
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import type { BatchQuery } from '../recommend/batch.js';
import { checkText } from '../recommend/query-text.js';
import type { RecommendationQuery } from '../recommend/recommend.js';
import { checkDays, checkSeeds, recommendationOf } from '../recommend/request-checks.js';
import { BATCH_KINDS, type RequestSchemas } from '../recommend/requests.js';
import type { SearchQuery } from '../recommend/search.js';
import type { SimilarQuery } from '../recommend/similar.js';
import { validate } from '../recommend/validate.js';
import { checkGetText } from './parameters.js';

type Limits = Config['limits'];
type Given<Name extends keyof RequestSchemas> = z.infer<RequestSchemas[Name]>;

/** Errors: `invalid_request` for filters that contradict themselves. */
export function similarQuery(id: string, options: Given<'similar'>): SimilarQuery {
  checkDays(options);
  return { id, ...options };
}

/** Errors: those of `checkText`, and `query_too_long` by GET. */
export function searchQuery(
  { q, ...options }: Given<'search'>,
  limits: Limits,
  method: 'GET' | 'POST',
): SearchQuery {
  if (method === 'GET') checkGetText(q, 'q', limits);
  else checkText(q, 'q', limits.text);
  checkDays(options);
  return { text: q, ...options };
}

/** Errors: `invalid_request` for too many seeds. */
export function recommendationById(
  { positive, negative, ...options }: Given<'recommendationsById'>,
  limits: Limits,
): RecommendationQuery {
  checkDays(options);
  const byId = (id: string) => ({ id });
  const query = { positives: positive.map(byId), negatives: negative.map(byId), ...options };
  checkSeeds([query], limits);
  return query;
}

/** One request of a batch. Errors: `invalid_request` and the others that the request alone would have met. */
export function batchQueryOf(given: unknown, schemas: RequestSchemas, limits: Limits): BatchQuery {
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  const [name, parameters] = entries[0] ?? [];
  const kind = BATCH_KINDS.find((one) => one === name);
  if (entries.length !== 1 || kind === undefined) {
    throw new NearpaperError('invalid_request', 'A request of a batch names one kind of query.', {
      field: 'requests',
      accepted: BATCH_KINDS.map((one) => `{"${one}": {...}}`).join(' or '),
    });
  }
  switch (kind) {
    case 'similar': {
      const { id, ...options } = validate(parameters, schemas.similarInBatch);
      return { kind, query: similarQuery(id, options) };
    }
    case 'search':
      return { kind, query: searchQuery(validate(parameters, schemas.search), limits, 'POST') };
    case 'recommendations':
      return { kind, query: recommendationOf(validate(parameters, schemas.recommendations), limits) };
  }
}
