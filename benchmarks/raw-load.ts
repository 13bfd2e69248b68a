/**
 * A load generator on bare sockets: it shares the machine with what it measures, so it does no more than it must.
 * Answers need a Content-Length, which all services here send.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Timed {
  /** 0: the service cut the connection. */
  status: number;
  /** From handing the request to the socket to the last byte of the answer. */
  ms: number;
  /** Whether the answer says when to come again. */
  retryAfter: boolean;
}

/** More open connections at once say nothing more about a service, and a listening socket refuses some of them. */
const MOST_CONNECTIONS = 512;
const HEAD_END = '\r\n\r\n';

/** One keep-alive connection that asks one thing at a time. */
export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  #settle: ((answer: Timed) => void) | undefined;
  #began = 0;
  #head = '';
  #status = 0;
  #retryAfter = false;
  /** Bytes of the body that are missing; -1 while the head is. */
  #missing = -1;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (piece) => this.#read(piece));
    // What follows an error.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#answer(0));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Connection(socket, host);
  }

  /** GET, or POST with a body of JSON. */
  send(path: string, body?: string): Promise<Timed> {
    const entity =
      body === undefined
        ? ''
        : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    if (this.closed) return Promise.resolve({ status: 0, ms: 0, retryAfter: false });
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#began = performance.now();
      this.#socket.write(
        `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${entity}\r\n${body ?? ''}`,
      );
    });
  }

  /** Whether nothing can be asked any more. */
  get closed(): boolean {
    return this.#socket.destroyed;
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #read(piece: Buffer): void {
    let rest = piece.length;
    if (this.#missing < 0) {
      const before = this.#head.length;
      this.#head += piece.toString('latin1');
      const end = this.#head.indexOf(HEAD_END);
      if (end === -1) return;
      this.#status = Number(this.#head.slice(9, 12));
      const head = this.#head.slice(0, end);
      this.#missing = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      this.#retryAfter = this.#status === 503 && /^retry-after: \d+$/im.test(head);
      rest = before + piece.length - end - HEAD_END.length;
      this.#head = '';
    }
    this.#missing -= rest;
    if (this.#missing > 0) return;
    this.#missing = -1;
    this.#answer(this.#status);
  }

  #answer(status: number): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.({ status, ms: performance.now() - this.#began, retryAfter: status !== 0 && this.#retryAfter });
  }
}

/** What to ask as number `i`: a path, and a body for POST. */
export type Ask = (i: number) => { path: string; body?: string };

export interface Load {
  /** Answers a second. */
  rate: number;
  answers: Timed[];
}

/** So many connections for so long, each asking again when it has its answer. */
export async function closedLoop(
  url: string,
  { connections, ms, ask, from = 0 }: { connections: number; ms: number; ask: Ask; from?: number },
): Promise<Load> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(url)));
  const answers: Timed[] = [];
  const began = performance.now();
  let next = from;
  const lane = async (connection: Connection): Promise<void> => {
    while (performance.now() - began < ms) {
      const { path, body } = ask(next++);
      answers.push(await connection.send(path, body));
    }
  };
  await Promise.all(open.map(lane));
  const seconds = (performance.now() - began) / 1000;
  for (const connection of open) connection.close();
  return { rate: answers.length / seconds, answers };
}

/**
 * So many requests a second for so long, whether answers come or not: each on a connection that is free, or on a new
 * one. `ms` of an answer counts from when its request was due.
 */
export async function openLoop(
  url: string,
  { rate, ms, ask, from = 0 }: { rate: number; ms: number; ask: Ask; from?: number },
): Promise<Load> {
  const free: Connection[] = await Promise.all(Array.from({ length: 64 }, () => Connection.open(url)));
  const all = new Set(free);
  const answers: Timed[] = [];
  const running = new Set<Promise<void>>();
  const began = performance.now();
  const one = async (i: number, due: number): Promise<void> => {
    let connection = free.pop();
    // One that is idle for long the service closes.
    while (connection?.closed) connection = free.pop();
    connection ??= await Connection.open(url);
    all.add(connection);
    const { path, body } = ask(i);
    const answer = await connection.send(path, body);
    answers.push({ ...answer, ms: performance.now() - due });
    free.push(connection);
  };
  let sent = 0;
  while (performance.now() - began < ms) {
    let due = began + (sent * 1000) / rate;
    while (due <= performance.now() && running.size < MOST_CONNECTIONS) {
      const asking: Promise<void> = one(from + sent++, due).finally(() => running.delete(asking));
      running.add(asking);
      due = began + (sent * 1000) / rate;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  for (const connection of all) connection.close();
  return { rate: (answers.length * 1000) / ms, answers };
}
