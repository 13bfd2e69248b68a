/** POST /v1/papers: many papers in one body, each line answered for itself as soon as it is durable. */
import { setMaxListeners } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { CorpusWriter } from '../../changes/corpus-writer.js';
import { NearpaperError } from '../../errors.js';
import { noParameters } from '../../recommend/requests.js';
import { linger, streamBody } from '../body-stream.js';
import { allowStreaming, endAfter } from '../connections.js';
import { askForBody } from '../expectation.js';
import { requireAdmin } from '../keys.js';
import { type NdjsonLine, ndjsonLines, OrderedAnswers, sendLine } from '../ndjson.js';
import { readQuery } from '../parameters.js';
import { asNearpaperError, problemOf } from '../problem.js';
import { logFailure } from '../request-log.js';
import { type Service, writerOf } from '../service.js';

/** Bodies that may be arriving at a time. */
const MOST_STREAMS = 8;
/** Lines of one of them that may be under way; of long ones, fewer: together no more bytes than a body may have. */
const LINES_UNDER_WAY = 64;
/** Milliseconds without a byte after which a body is given up. */
const IDLE_MS = 30_000;

const NDJSON_TYPES = [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/jsonlines',
  'application/x-jsonlines',
];

export function importPapers(service: Service, { idleMs = IDLE_MS } = {}): RequestHandler[] {
  let streams = 0;
  const run: RequestHandler = async (request, response) => {
    readQuery(request, noParameters);
    requireNdjson(request);
    const writer = writerOf(service);
    if (streams >= MOST_STREAMS) throw TOO_MANY;
    streams++;
    try {
      const { logger, settings } = service;
      await new Import({ request, response, writer, logger, longest: settings.limits.body, idleMs }).run();
    } finally {
      streams--;
    }
  };
  return [requireAdmin(service), run];
}

const TOO_MANY = new NearpaperError('overloaded', `Already ${MOST_STREAMS} bodies of papers are arriving.`, {
  retryAfter: 5,
});

function requireNdjson(request: Request): void {
  if (request.is(NDJSON_TYPES)) return;
  throw new NearpaperError('unsupported_media_type', 'Send papers as NDJSON: one JSON object a line.', {
    accepted: 'Content-Type: application/x-ndjson',
  });
}

interface ImportOptions {
  request: Request;
  response: Response;
  writer: CorpusWriter;
  logger: Logger;
  /** Bytes of the longest line. */
  longest: number;
  idleMs: number;
}

type Count = 'created' | 'changed' | 'unchanged' | 'older' | 'deleted' | 'refused';

/** One body, from its first line to the answer's last. */
class Import {
  readonly #given: ImportOptions;
  readonly #counts: Record<Count, number> = {
    created: 0,
    changed: 0,
    unchanged: 0,
    older: 0,
    deleted: 0,
    refused: 0,
  };
  /** Aborts when the caller leaves: what has not begun is not begun then. */
  readonly #left = new AbortController();
  /** Aborts when nothing more is to be read. */
  readonly #ended = new AbortController();

  constructor(given: ImportOptions) {
    this.#given = given;
  }

  /** Errors, while nothing is answered yet: `unsupported_media_type`. */
  async run(): Promise<void> {
    const { request, response, idleMs } = this.#given;
    // Each line under way waits for it: no leak, though it looks like one to Node.
    setMaxListeners(0, this.#left.signal);
    const body = streamBody(request, { idleMs, signal: this.#ended.signal });
    allowStreaming(request);
    askForBody(response);
    const onClose = () => this.#leave();
    response.once('close', onClose);
    if (response.destroyed) onClose();
    // After a body that may have been given up, nothing is read on its connection.
    response.writeHead(200, {
      'Content-Type': 'application/x-ndjson',
      'Cache-Control': 'no-store',
      Connection: 'close',
    });
    endAfter(response);
    response.flushHeaders();
    const failure = await this.#answerLines(body);
    response.off('close', onClose);
    if (!response.destroyed && !request.socket.destroyed) await this.#end(failure);
  }

  #leave(): void {
    const reason = new NearpaperError('cancelled', 'The caller went away.');
    this.#left.abort(reason);
    this.#ended.abort(reason);
  }

  /** Why not all lines were read, or null. */
  async #answerLines(body: AsyncIterable<Buffer>): Promise<NearpaperError | null> {
    const { request, response, logger, longest } = this.#given;
    const answers = new OrderedAnswers(response, { lines: LINES_UNDER_WAY, bytes: longest });
    const { signal } = this.#ended;
    let failure: NearpaperError | null = null;
    try {
      for await (const line of ndjsonLines(body, longest, signal)) {
        await answers.room(line.bytes);
        signal.throwIfAborted();
        answers.add(line.bytes, this.#answerTo(line));
      }
    } catch (thrown) {
      failure = asNearpaperError(signal.aborted ? signal.reason : thrown);
      const gone = signal.aborted || request.socket.destroyed;
      if (failure.status === 500 && !gone) logFailure(logger, request, thrown, failure.message);
    }
    await answers.sent();
    return failure;
  }

  async #answerTo({ number, read }: NdjsonLine): Promise<object> {
    try {
      if ('error' in read) throw read.error;
      const { count, ...done } = await this.#write(read.value);
      this.#counts[count]++;
      return { line: number, ...done };
    } catch (thrown) {
      const error = asNearpaperError(thrown);
      this.#counts.refused++;
      // The disk, the journal or the service: the next line would fare no better.
      if (error.status >= 500 && !this.#ended.signal.aborted) {
        const { logger, request } = this.#given;
        if (error.status === 500) logFailure(logger, request, thrown, error.message);
        this.#ended.abort(error);
      }
      return { line: number, error: toldOf(error) };
    }
  }

  async #write(value: unknown): Promise<{ count: Count; id: string; outcome: string }> {
    const { writer } = this.#given;
    const { signal } = this.#left;
    const removed = removalIn(value);
    if (removed !== null) {
      const { id } = await writer.remove(removed, { wait: true }, signal);
      return { id, outcome: 'deleted', count: 'deleted' };
    }
    const { id, outcome } = await writer.put(value, { wait: true }, signal);
    return { id, outcome, count: outcome === 'older_version' ? 'older' : outcome };
  }

  /** The last line, whatever happened. */
  async #end(failure: NearpaperError | null): Promise<void> {
    const { request, response } = this.#given;
    const error = failure === null ? {} : { error: toldOf(failure) };
    await sendLine(response, { done: failure === null, ...this.#counts, ...error });
    if (failure !== null && failure.code !== 'request_timeout') await linger(request);
    response.end();
  }
}

/** The id of the paper that a line removes; null for a line that is to be a paper. Errors: `invalid_request`. */
function removalIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('delete' in value)) return null;
  if (typeof value.delete === 'string' && Object.keys(value).length === 1) return value.delete;
  throw new NearpaperError(
    'invalid_request',
    'A line is a paper or a deletion, and a deletion has only an id.',
    {
      field: 'delete',
      accepted: '{"delete": "<id>"}',
    },
  );
}

/** What a line says of an error: what a problem would, but for what every problem has. */
function toldOf(error: NearpaperError): Record<string, unknown> {
  const { type: _type, title: _title, status: _status, ...told } = problemOf(error);
  return told;
}
