/** POST /v1/batch: many queries in one call; each is answered or refused by itself. */
import { type Request, Router } from 'express';
import type { Logger } from 'pino';
import type { BatchQuery } from '../../recommend/batch.js';
import { batch } from '../../recommend/batch.js';
import { checkSeeds, refuseTooManyTexts } from '../../recommend/request-checks.js';
import { requestSchemas } from '../../recommend/requests.js';
import type { Handle } from '../handle.js';
import { readBody } from '../parameters.js';
import { asNearpaperError, otherMethods, problemOf } from '../problem.js';
import { batchQueryOf } from '../queries.js';
import { logFailure } from '../request-log.js';
import type { Service } from '../service.js';

/** A request of the batch that could be read, or why it could not. */
type Read = { kind: 'query'; query: BatchQuery } | { kind: 'refused'; thrown: unknown };

export function batchRoutes(service: Service, handle: Handle): Router {
  const { logger } = service;
  const { limits } = service.settings;
  const schemas = requestSchemas(limits);
  const readOne = (given: unknown): Read => {
    try {
      return { kind: 'query', query: batchQueryOf(given, schemas, limits) };
    } catch (thrown) {
      return { kind: 'refused', thrown };
    }
  };
  const refused = (request: Request, thrown: unknown) => refusal(logger, request, thrown);
  return Router()
    .post(
      '/v1/batch',
      handle({
        query(request) {
          const reads = readBody(request, schemas.batch).requests.map(readOne);
          const queries = reads.flatMap((read) => (read.kind === 'query' ? [read.query] : []));
          refuseTooManyTexts(queries, limits);
          checkSeeds(
            queries.flatMap(({ kind, query }) => (kind === 'recommendations' ? [query] : [])),
            limits,
          );
          return { reads, queries, request };
        },
        async answer(corpus, { reads, queries, request }, signal) {
          const outcomes = (await batch(corpus, queries, signal)).values();
          const results = reads.map((read) => {
            if (read.kind === 'refused') return refused(request, read.thrown);
            const outcome = outcomes.next().value;
            return outcome?.kind === 'answered'
              ? { status: 200, answer: outcome.answer }
              : refused(request, outcome?.thrown);
          });
          return { results };
        },
      }),
    )
    .all('/v1/batch', otherMethods('POST'));
}

/** What a request alone would have been answered with. What we did not foresee is logged, as for a request alone. */
function refusal(
  logger: Logger,
  request: Request,
  thrown: unknown,
): { status: number; problem: Record<string, unknown> } {
  const error = asNearpaperError(thrown);
  if (error.status === 500) logFailure(logger, request, thrown, error.message);
  return { status: error.status, problem: problemOf(error) };
}
