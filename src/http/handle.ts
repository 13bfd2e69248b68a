/** What every route shares: its turn, a deadline, cancellation when the caller leaves, entity tags, timing, JSON out. */
import { setMaxListeners } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import { NearpaperError } from '../errors.js';
import { RANKING_VERSION } from '../recommend/answer.js';
import { deadlineExceeded, type Line } from './admission.js';
import { boundUnread } from './connections.js';
import { digestOf, etagOf, matches, matchesAnything } from './etag.js';
import { routePattern } from './route-pattern.js';
import { type ServedCorpus, type Service, useCorpus } from './service.js';

/** A route in two steps, so that a caller who has the answer already is told so without any work. */
export interface Endpoint<Query, Answer> {
  /**
   * Reads and validates the request. With the corpus and the settings the answer depends on nothing but this value,
   * and for GET it is what JSON can say. Errors: those of the request.
   */
  query(request: Request): Query;
  /** Answered within one turn of the event loop: no deadline can pass and no caller leave meanwhile. */
  atOnce?: true;
  /** The body of the answer. The signal aborts at the deadline, or when the caller leaves. */
  answer(corpus: ServedCorpus, query: Query, signal: AbortSignal): Promise<Answer>;
  /**
   * A strong tag for GET that depends on less than everything, to be had with next to no work; null where there is
   * nothing that it could be of, and `answer` throws.
   */
  tag?(corpus: ServedCorpus, query: Query): Promise<string | null>;
  /** Sends the answer where it is more than JSON with status 200. */
  send?(response: Response, answer: Answer): void;
}

/** Makes the handler that answers with what an endpoint does. */
export type Handle = <Query, Answer>(endpoint: Endpoint<Query, Answer>) => RequestHandler;

/**
 * Handlers that answer when their turn in the line has come. GET and HEAD carry a strong ETag, and are answered 304
 * without work when If-None-Match names it; errors carry none.
 */
export function handling(service: Service, line: Line): Handle {
  const { deadlineMs } = service.settings;
  return (endpoint) => {
    const answer = answering(service, endpoint);
    return (request, response) => {
      const arrived = performance.now();
      return line.run(response, async () => {
        const { signal, release } = endpoint.atOnce ? NEVER : stopping(response, arrived, deadlineMs);
        try {
          await answer(request, response, signal);
        } catch (thrown) {
          // The parts below only know that they were cancelled; why is known here. Anything else is a failure of its own.
          throw signal.aborted && isCancellation(thrown) ? signal.reason : thrown;
        } finally {
          release();
        }
      });
    };
  };
}

function answering<Query, Answer>(service: Service, endpoint: Endpoint<Query, Answer>) {
  const tagFor = tagger(service);
  return (request: Request, response: Response, signal: AbortSignal): Promise<void> => {
    const started = performance.now();
    const query = endpoint.query(request);
    return useCorpus(service, async (corpus) => {
      const etag = endpoint.tag ? await endpoint.tag(corpus, query) : tagFor(corpus, request, query);
      const known = request.headers['if-none-match'];
      const unchanged = etag !== null && matches(known, etag);
      // The wildcard matches whatever answer there is, so there must be one.
      const needed = !unchanged || matchesAnything(known);
      const made = needed ? { answer: await endpoint.answer(corpus, query, signal) } : null;
      signal.throwIfAborted();
      response.setHeader('Server-Timing', `total;dur=${(performance.now() - started).toFixed(1)}`);
      if (etag !== null) allowRevalidation(response, etag);
      if (unchanged || made === null) response.status(304).end();
      else if (endpoint.send) endpoint.send(response, made.answer);
      else sendJson(response, made.answer);
    });
  };
}

interface Stopping {
  signal: AbortSignal;
  /** To be called when the answer is made. */
  release(): void;
}

const NEVER: Stopping = { signal: new AbortController().signal, release: () => undefined };

/** A signal that aborts at the deadline of a request that arrived then, or when the caller leaves. */
function stopping(response: Response, arrived: number, deadlineMs: number): Stopping {
  const stop = new AbortController();
  // Each text of a large request waits for it: no leak, though it looks like one to Node.
  setMaxListeners(0, stop.signal);
  const onClose = () => stop.abort(new NearpaperError('cancelled', 'The caller went away.'));
  const onDeadline = () => stop.abort(deadlineExceeded(deadlineMs));
  const deadline = setTimeout(onDeadline, arrived + deadlineMs - performance.now());
  // While his body arrived, or in the line.
  if (response.destroyed) onClose();
  response.once('close', onClose);
  return {
    signal: stop.signal,
    release() {
      clearTimeout(deadline);
      response.off('close', onClose);
    },
  };
}

/** Makes the tags of one route; null for methods whose answers are not kept. */
function tagger(service: Service) {
  // Weak: a generation that is served no more must not stay in memory for its tag.
  const digests = new WeakMap<ServedCorpus, string>();
  return (corpus: ServedCorpus, request: Request, query: unknown): string | null => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return null;
    let digest = digests.get(corpus);
    if (digest === undefined) {
      digest = digestFor(service, corpus, request);
      digests.set(corpus, digest);
    }
    return etagOf(digest, query);
  };
}

function digestFor(service: Service, corpus: ServedCorpus, request: Request): string {
  const { limits, deadlineMs } = service.settings;
  const { engine, note } = corpus.about.search;
  return digestOf({
    generation: corpus.generation,
    fingerprint: corpus.embedder.fingerprint,
    rankingVersion: RANKING_VERSION,
    // The engine that searches, not the one that was asked for: HNSW may be missing, and the corpus small.
    settings: { version: service.version, engine, note, limits, deadlineMs },
    route: routePattern(request) ?? '',
  });
}

/** Without this a browser may show an old answer for a while after a new generation is served. */
function allowRevalidation(response: Response, etag: string): void {
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
}

function isCancellation(thrown: unknown): boolean {
  return thrown instanceof NearpaperError && thrown.code === 'cancelled';
}

export function sendJson(response: Response, body: unknown): void {
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  // Said outright, so that HEAD says it too.
  response.setHeader('Content-Length', bytes);
  response.end(text);
  boundUnread(response, bytes);
}
