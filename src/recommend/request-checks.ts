/** What a schema cannot say of a request: parts that contradict each other, or are too many together. */
import type { z } from 'zod';
import { NearpaperError } from '../errors.js';
import type { BatchQuery } from './batch.js';
import { checkText } from './query-text.js';
import type { RecommendationQuery } from './recommend.js';
import type { RequestLimits, RequestSchemas } from './requests.js';
import type { SeedInput } from './seeds.js';
import type { NameOf } from './validate.js';

type Recommendations = z.infer<RequestSchemas['recommendations']>;

/** Errors: `invalid_request` for too many seeds or texts, or days that contradict themselves; those of `checkText`. */
export function recommendationOf(given: Recommendations, limits: RequestLimits): RecommendationQuery {
  const { positives, negatives, ...options } = given;
  for (const [field, seeds] of [
    ['positives', positives],
    ['negatives', negatives],
  ] as const) {
    for (const [i, { text }] of seeds.entries()) {
      if (text !== undefined) checkText(text, `${field}.${i}.text`, limits.text);
    }
  }
  const query = { positives: positives.map(seedOf), negatives: negatives.map(seedOf), ...options };
  checkDays(options);
  checkSeeds([query], limits);
  refuseTooManyTexts([{ kind: 'recommendations', query }], limits);
  return query;
}

/** Each distinct text is one run of the model. Errors: `invalid_request`. */
export function refuseTooManyTexts(
  queries: readonly BatchQuery[],
  { texts: most }: Pick<RequestLimits, 'texts'>,
): void {
  const texts = new Set<string>();
  for (const { kind, query } of queries) {
    if (kind === 'search') texts.add(query.text);
    if (kind !== 'recommendations') continue;
    for (const seed of [...query.positives, ...query.negatives]) if ('text' in seed) texts.add(seed.text);
  }
  if (texts.size > most) {
    throw new NearpaperError('invalid_request', `The request has ${texts.size} different texts.`, {
      field: 'text',
      accepted: `at most ${most} different texts in one request`,
    });
  }
}

/** Errors: `invalid_request` for more positives and negatives, of all of them together, than a request may have. */
export function checkSeeds(
  queries: readonly Pick<RecommendationQuery, 'positives' | 'negatives'>[],
  { seeds: most }: Pick<RequestLimits, 'seeds'>,
): void {
  const given = queries.reduce(
    (sum, { positives, negatives }) => sum + positives.length + negatives.length,
    0,
  );
  if (given <= most) return;
  throw new NearpaperError('invalid_request', `The request has ${given} seeds.`, {
    field: 'positives',
    accepted: `at most ${most} positives and negatives in one request`,
  });
}

/** Errors: `invalid_request` when the first day comes after the last. */
export function checkDays(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  nameOf: NameOf = (parameter) => parameter,
): void {
  if (from === undefined || to === undefined || from <= to) return;
  throw new NearpaperError('invalid_request', `${nameOf('from')} is later than ${nameOf('to')}.`, {
    field: 'from',
    accepted: `a day that is not later than \`${nameOf('to')}\``,
  });
}

/** The schema lets a seed have either an id or a text. */
function seedOf({ id, text, weight }: Recommendations['positives'][number]): SeedInput {
  return id === undefined ? { text: text ?? '', weight } : { id, weight };
}
