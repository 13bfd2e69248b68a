/** Bodies of JSON, and how many bytes of them may be arriving at a time. */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import express, { type Request, type RequestHandler } from 'express';
import { NearpaperError } from '../errors.js';
import { askForBody } from './expectation.js';
import { NOT_UTF8, sendProblem } from './problem.js';

/** Bodies of the largest size that may be arriving at a time, 128 MiB by default; of smaller ones, more. */
const AT_ONCE = 32;

/**
 * Each piece in which a body arrives costs some 400 bytes until it is whole. From so many pieces on they must have so many
 * bytes on average, or a body of 4 MiB in pieces of one byte would take 1.7 GB.
 */
const MANY_PIECES = 4096;
const LEAST_BYTES_A_PIECE = 64;

const TOO_MANY = new NearpaperError('overloaded', 'More bodies are arriving than can be held.', {
  retryAfter: 1,
});

/**
 * Reads bodies of JSON, of at most `limit` bytes. Whoever sends slowly holds nothing but his part of the bytes that may
 * be arriving: his request is one only when it is whole.
 */
export function readJson(limit: number): RequestHandler {
  // Not strict: JSON that is no object is told so by the route, not called malformed.
  const type = ['application/json', 'application/*+json'];
  const json = express.json({ limit, strict: false, type, verify: requireUtf8 });
  let arriving = 0;
  return (request, response, next) => {
    const { headers } = request;
    // RFC 9112, 6.3: without either there is no body.
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
      next();
      return;
    }
    const bytes = largest(headers, limit);
    if (arriving + bytes > AT_ONCE * limit) {
      sendProblem(response, TOO_MANY);
      return;
    }
    arriving += bytes;
    // Longer ones are refused unread.
    if (!(Number(headers['content-length']) > limit)) askForBody(response);
    cutCrumbs(request);
    // Called once: also for a body that is refused, or whose caller leaves.
    json(request, response, (thrown: unknown) => {
      arriving -= bytes;
      next(thrown);
    });
  };
}

/** Cuts a caller who sends a body in crumbs. */
function cutCrumbs(request: Request): void {
  let pieces = 0;
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (++pieces >= MANY_PIECES && bytes < LEAST_BYTES_A_PIECE * pieces) request.socket.destroy();
  });
}

/** Otherwise what is no UTF-8 would be searched for as replacement characters. Other charsets are decoded as they say. */
function requireUtf8(_request: unknown, _response: unknown, body: Buffer, charset: string): void {
  if (charset === 'utf-8' && !isUtf8(body)) throw Object.assign(new Error(), { type: NOT_UTF8 });
}

/** Bytes that a body may come to. */
function largest(headers: IncomingHttpHeaders, limit: number): number {
  const told = headers['content-encoding'] === undefined ? Number(headers['content-length']) : Number.NaN;
  return told <= limit ? told : limit;
}
