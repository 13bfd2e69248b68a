/** What every route shares: a deadline, cancellation when the caller leaves, timing, JSON out. */
import type { Request, RequestHandler, Response } from 'express';
import { NearpaperError } from '../errors.js';
import { type ServedCorpus, type Service, useCorpus } from './service.js';

export type Work = (corpus: ServedCorpus, request: Request, signal: AbortSignal) => Promise<unknown>;

/** A handler that answers with what `work` resolves to. Its signal aborts at the deadline or when the caller leaves. */
export function handle(service: Service, work: Work): RequestHandler {
  return async (request: Request, response: Response) => {
    const started = performance.now();
    const stop = new AbortController();
    const onClose = () => stop.abort(new NearpaperError('cancelled', 'The caller went away.'));
    const { deadlineMs } = service.settings;
    const deadline = setTimeout(() => {
      stop.abort(
        new NearpaperError('deadline_exceeded', `No answer within ${deadlineMs} ms.`, { retryAfter: 1 }),
      );
    }, deadlineMs);
    response.once('close', onClose);
    try {
      const answer = await useCorpus(service, (corpus) => work(corpus, request, stop.signal));
      stop.signal.throwIfAborted();
      response.setHeader('Server-Timing', `total;dur=${(performance.now() - started).toFixed(1)}`);
      sendJson(response, answer);
    } catch (thrown) {
      // The parts below only know that they were cancelled; why is known here. Anything else is a failure of its own.
      throw stop.signal.aborted && isCancellation(thrown) ? stop.signal.reason : thrown;
    } finally {
      clearTimeout(deadline);
      response.off('close', onClose);
    }
  };
}

function isCancellation(thrown: unknown): boolean {
  return thrown instanceof NearpaperError && thrown.code === 'cancelled';
}

export function sendJson(response: Response, body: unknown): void {
  const text = JSON.stringify(body);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  // Said outright, so that HEAD says it too.
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
