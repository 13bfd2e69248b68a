/** HTTP by hand, for what no client library would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answered } from './problems.js';

/** A connection with everything that came back on it so far. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Resolves once the bytes are with the operating system. */
export function write(socket: Socket, bytes: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (thrown) => (thrown ? reject(thrown) : resolve()));
  });
}

/**
 * Sends these bytes and resolves to the last response on the connection once the server closes it. With
 * `thenEnd` the client closes its side after the bytes.
 */
export async function sendRaw(
  port: number,
  bytes: string | Buffer,
  { thenEnd = false } = {},
): Promise<Answered> {
  const socket = await openSocket(port);
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  // The server may cut the connection while we still send: what it answered before counts.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(bytes);
  if (thenEnd) socket.end();
  await closed;
  return parseResponse(Buffer.concat(pieces).toString('utf8'));
}

/** Parses a response with a Content-Length or none. */
export function parseResponse(text: string): Answered {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(statusLine.split(' ')[1]), headers, text: text.slice(end + 4) };
}
