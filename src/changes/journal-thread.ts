/** The journal behind a thread: a write waits for the disk several times, the event loop never. */
import { Worker } from 'node:worker_threads';
import { messageOf, NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import type { FromJournal, JournalRequest, JournalTask, ToJournal, VectorEntry } from './journal-protocol.js';

interface Waiting {
  resolve(changes: readonly Change[]): void;
  reject(error: NearpaperError): void;
}

export class JournalThread {
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  /** Why nothing is possible any more. */
  #ended: NearpaperError | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromJournal) => this.#receive(message));
    worker.on('error', (thrown) => this.#end(`The thread of the journal died: ${messageOf(thrown)}`));
    this.#gone = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#end('The journal is closed.');
        resolve();
      });
    });
  }

  /** Errors: those of `openJournal` for writing. */
  static async open(task: JournalTask): Promise<JournalThread> {
    // Without the process's own flags: --input-type, say, lets no file be run at all.
    const worker = new Worker(new URL('./journal-worker.js', import.meta.url), {
      workerData: task,
      execArgv: [],
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', (message: FromJournal) => {
        if (message.kind === 'failed') reject(new NearpaperError(message.code, message.message));
        else resolve();
      });
      worker.once('error', reject);
    });
    worker.removeAllListeners('error');
    return new JournalThread(worker);
  }

  /** Resolves once all of them are durable. Errors: `index_unwritable`, after which `changesAfter` tells what is there. */
  async append(changes: readonly Change[]): Promise<void> {
    await this.#ask({ kind: 'append', changes });
  }

  /** What is on disk after `seq`. */
  changesAfter(seq: number): Promise<readonly Change[]> {
    return this.#ask({ kind: 'read', seq });
  }

  /** Errors: `index_unwritable`. */
  async putVectors(fingerprint: string, entries: readonly VectorEntry[]): Promise<void> {
    await this.#ask({ kind: 'vectors', fingerprint, entries });
  }

  async useModel(fingerprint: string): Promise<void> {
    await this.#ask({ kind: 'model', fingerprint });
  }

  /** Errors: `index_unwritable`. */
  async trim(seq: number): Promise<void> {
    await this.#ask({ kind: 'trim', seq });
  }

  /** Ends the thread after what it was asked before. Idempotent. */
  async close(): Promise<void> {
    if (this.#ended === undefined) await this.#ask({ kind: 'close' });
    await this.#gone;
  }

  #ask(request: JournalRequest): Promise<readonly Change[]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id } satisfies ToJournal);
    });
  }

  #receive(message: FromJournal): void {
    if (message.kind === 'ready' || message.id === null) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'done') waiting?.resolve(message.changes);
    else waiting?.reject(new NearpaperError(message.code, message.message));
  }

  #end(reason: string): void {
    this.#ended ??= new NearpaperError('not_ready', reason);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
