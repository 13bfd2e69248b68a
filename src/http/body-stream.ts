/** Bodies that are read while they arrive, however long they are. */
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Request } from 'express';
import { NearpaperError } from '../errors.js';

/** Bytes that are unpacked at a time. */
const UNPACKED_BYTES = 64 * 1024;

export interface StreamOptions {
  /** Milliseconds without a byte, while one is waited for, after which the body is given up. */
  idleMs: number;
  /** Ends the reading; its reason is thrown. */
  signal: AbortSignal;
}

/**
 * The bytes of a body, unpacked when it is sent with `Content-Encoding: gzip`; held is no more than what was asked for.
 * Who stops early leaves the connection open, for an answer. Errors: `unsupported_media_type`, at once, for other
 * encodings; `request_timeout`, those of zlib, and the signal's reason.
 */
export function streamBody(request: Request, options: StreamOptions): AsyncIterable<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const bytes = arriving(request, options);
  if (encoding === 'identity') return bytes;
  if (encoding === 'gzip' || encoding === 'x-gzip') return unpacked(bytes);
  throw new NearpaperError('unsupported_media_type', `The body is sent as ${encoding}.`, {
    field: 'Content-Encoding',
    accepted: 'gzip, or none',
  });
}

function unpacked(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: UNPACKED_BYTES });
  // What goes wrong is thrown to whoever reads from it.
  pipeline(bytes, gunzip, () => undefined);
  return gunzip;
}

async function* arriving(request: Request, options: StreamOptions): AsyncGenerator<Buffer, void, undefined> {
  // Destroying a request cuts its connection, and with it what is still to be answered.
  const chunks = request.iterator({ destroyOnReturn: false });
  let waiting = false;
  try {
    for (;;) {
      waiting = true;
      const next: IteratorResult<Buffer> = await soon(chunks.next(), options);
      waiting = false;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // One that waits ends with the connection.
    if (!waiting) await chunks.return?.();
  }
}

/** What `work` resolves to, unless that takes too long. */
function soon<T>(work: Promise<T>, { idleMs, signal }: StreamOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const idle = setTimeout(() => {
      reject(new NearpaperError('request_timeout', `Nothing more arrived for ${idleMs / 1000} s.`));
    }, idleMs);
    const release = () => {
      clearTimeout(idle);
      signal.removeEventListener('abort', onAbort);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    work.finally(release).then(resolve, reject);
  });
}

/** Milliseconds for which a body that is not wanted any more is read on. */
const LINGER_MS = 5000;

/**
 * Reads on for a while and throws away what comes: a connection that is closed with bytes unread takes along the answer
 * that its caller has not read yet.
 */
export function linger(request: Request): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      request.off('end', done).off('close', done).off('error', done);
      resolve();
    };
    const timer = setTimeout(done, LINGER_MS);
    request.once('end', done).once('close', done).once('error', done).resume();
  });
}
