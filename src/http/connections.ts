/** What Node does not do by itself for connections: tell who left, cut who does not read, bound what lies unread, wait for streams. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Request, Response } from 'express';

/** Bytes of answers that may lie in memory because their callers do not read them. */
const MOST_UNREAD = 256 * 1024 * 1024;

/** Pipelined responses of each connection that has any. */
const pipelined = new WeakMap<Socket, Set<Response>>();

/**
 * Has every response emit `close` when it is sent or its caller is gone. Node itself tells only the one whose turn it is
 * on its connection, not those that are pipelined behind it. One listener a connection, however many they are.
 */
export function tellWhenOver(response: Response): void {
  if (response.socket !== null) return;
  const { socket } = response.req;
  const behind = pipelined.get(socket) ?? new Set();
  if (!pipelined.has(socket)) {
    pipelined.set(socket, behind);
    socket.once('close', () => {
      for (const one of behind) if (one.socket === null && !one.writableFinished) close(one);
    });
  }
  behind.add(response);
  response.once('close', () => behind.delete(response));
}

/** Now, while it can be seen that it was not sent; Node may tell it again later, so one has to listen `once`. */
function close(response: Response): void {
  response.req.socket.destroy();
  response.destroy();
  response.emit('close');
}

/** To be called when nothing has moved on a connection for its timeout while this response is owed on it. */
export function cutUnlessAtWork(response: Response, socket: Socket): void {
  // Nothing waits to be read: the answer is still being made, and the deadline sees to that.
  if (socket.writableLength === 0) socket.setTimeout(socket.timeout ?? 0);
  else close(response);
}

/** Answers that their callers have not read, with their bytes, the oldest first. */
const unread = new Map<Response, number>();
let unreadBytes = 0;

/** To be called when an answer of so many bytes is made. Where too many lie unread, the callers who were first are cut. */
export function boundUnread(response: Response, bytes: number): void {
  if (response.writableFinished || response.destroyed) return;
  unread.set(response, bytes);
  unreadBytes += bytes;
  response.once('close', () => forget(response));
  for (const oldest of unread.keys()) {
    if (unreadBytes <= MOST_UNREAD) return;
    close(oldest);
  }
}

function forget(response: Response): void {
  unreadBytes -= unread.get(response) ?? 0;
  unread.delete(response);
}

/** Connections on which a request may take as long as bytes come. */
const streams = new WeakSet<Duplex>();

/** Lets a request take longer to arrive than others; whoever reads it has to bound how long it may pause. */
export function allowStreaming({ socket }: Request): void {
  streams.add(socket);
}

/** Connections that end with the answer that is under way. */
const ending = new WeakSet<Duplex>();

/** To be called where an answer says `Connection: close` before its request has arrived whole. */
export function endAfter({ req }: Response): void {
  ending.add(req.socket);
}

/** Whether an answer before this request is the last on its connection: then it must not be carried out (RFC 9112, 9.6). */
export function isAfterTheLast({ socket }: Request): boolean {
  return ending.has(socket);
}

/** Whether an answer to a request that still arrives may be under way on this connection. */
export function isStreaming(socket: Duplex): boolean {
  return streams.has(socket);
}
