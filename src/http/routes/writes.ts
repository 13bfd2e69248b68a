/** PUT and DELETE /v1/papers/{id}: one paper changed or removed, for those who have the admin key. */
import type { RequestHandler } from 'express';
import { NearpaperError } from '../../errors.js';
import { PAPER_FIELDS } from '../../recommend/answer.js';
import { noParameters, requestSchemas } from '../../recommend/requests.js';
import { putConditions, removeConditions } from '../conditions.js';
import { paperTag } from '../etag.js';
import { type Handle, sendJson } from '../handle.js';
import { requireAdmin } from '../keys.js';
import { readBody, readQuery } from '../parameters.js';
import { type ServedCorpus, type Service, writerOf } from '../service.js';

/** PUT /v1/papers/{id}. */
export function putPaper(service: Service, handle: Handle): RequestHandler[] {
  const { paperRecord } = requestSchemas(service.settings.limits);
  return [
    requireAdmin(service),
    handle({
      query: (request) => ({
        id: String(request.params.id),
        given: readBody(request, paperRecord),
        conditions: putConditions(request),
      }),
      async answer(corpus, { id, given: { id: inBody, ...record }, conditions }, signal) {
        await requireSameId(corpus, id, inBody);
        const written = await writerOf(service).put(record, { id, ...conditions }, signal);
        if (written.outcome === 'older_version') throw olderVersion(written.id);
        return written;
      },
      send(response, { outcome, id, version }) {
        response.statusCode = outcome === 'created' ? 201 : 200;
        // That of a GET without `fields`.
        const shown = { fields: PAPER_FIELDS, service: service.version };
        response.setHeader('ETag', paperTag({ id, version }, shown));
        sendJson(response, { outcome, id });
      },
    }),
  ];
}

/** DELETE /v1/papers/{id}. */
export function removePaper(service: Service, handle: Handle): RequestHandler[] {
  return [
    requireAdmin(service),
    handle({
      query(request) {
        readQuery(request, noParameters);
        return { id: String(request.params.id), conditions: removeConditions(request) };
      },
      async answer(_corpus, { id, conditions }, signal) {
        const removed = await writerOf(service).remove(id, conditions, signal);
        return { deleted: removed.id };
      },
    }),
  ];
}

/** A paper may be sent back as GET gave it, also where the path has another spelling of its id. */
async function requireSameId(
  { store }: ServedCorpus,
  inPath: string,
  inBody: string | undefined,
): Promise<void> {
  if (inBody === undefined || inBody === inPath || (await store.resolve(inPath))?.id === inBody) return;
  throw new NearpaperError('invalid_request', 'The id in the body is not the one in the path.', {
    field: 'id',
    accepted: `${JSON.stringify(inPath)}, or no id`,
  });
}

function olderVersion(id: string): NearpaperError {
  return new NearpaperError('older_version', `The corpus has a newer version of ${JSON.stringify(id)}.`, {
    ids: [id],
  });
}
