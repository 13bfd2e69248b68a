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
        const meant = await paperMeant(corpus, id, inBody);
        const written = await writerOf(service).put(record, { id: meant, ...conditions }, signal);
        if (written.outcome === 'older_version') throw olderVersion(written.id);
        return written;
      },
      send(response, { outcome, id, version }) {
        response.statusCode = outcome === 'created' ? 201 : 200;
        // That of a GET without `fields`.
        const shown = { fields: PAPER_FIELDS, service: service.version };
        response.setHeader('ETag', paperTag(version, shown));
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

/**
 * The id of the paper that is put: the one that GET and DELETE find, by an alias too, else that of the path. A paper may
 * be sent back as GET gave it. Errors: `invalid_request`.
 */
async function paperMeant(
  { store }: ServedCorpus,
  inPath: string,
  inBody: string | undefined,
): Promise<string> {
  const held = (await store.resolve(inPath))?.id;
  if (inBody !== undefined && inBody !== inPath && inBody !== held) {
    throw new NearpaperError('invalid_request', 'The id in the body is not the one in the path.', {
      field: 'id',
      accepted: `${JSON.stringify(inPath)}, or no id`,
    });
  }
  // Of a paper's own arXiv id the path keeps the version, which is that of what is sent.
  const isOwnId = (await store.held(inPath)) !== undefined;
  return held === undefined || isOwnId ? inPath : held;
}

function olderVersion(id: string): NearpaperError {
  return new NearpaperError('older_version', `The corpus has a newer version of ${JSON.stringify(id)}.`, {
    ids: [id],
  });
}
