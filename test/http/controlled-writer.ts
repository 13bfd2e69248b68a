/** A writer whose changes end when a test says so, for what the real one does too fast to be seen. */
import type {
  CorpusWriter,
  WriteOptions,
  WriteOutcome,
  WriterStatus,
} from '../../src/changes/corpus-writer.js';

export class ControlledWriter implements CorpusWriter {
  /** The records and ids that were begun, in their order. */
  readonly begun: unknown[] = [];
  /** Of the last change. */
  signal: AbortSignal | undefined;
  options: WriteOptions | undefined;
  /** What a change comes to: by default it is made at once. */
  begin: (what: unknown) => Promise<void> = () => Promise.resolve();

  async put(record: unknown, options: WriteOptions, signal: AbortSignal): Promise<WriteOutcome> {
    await this.#change(record, options, signal);
    return { outcome: 'created', id: 'x', version: 'v'.repeat(22) };
  }

  async remove(id: string, options: WriteOptions, signal: AbortSignal): Promise<{ id: string }> {
    await this.#change(id, options, signal);
    return { id };
  }

  async rebuild(): Promise<void> {}

  async reembed(): Promise<void> {}

  get status(): WriterStatus {
    const changes = { last: this.begun.length, pending: 0, queued: 0, queue: 0 };
    return { generation: '', papers: 0, model: '', changes, rebuild: { state: 'idle' } };
  }

  #change(what: unknown, options: WriteOptions, signal: AbortSignal): Promise<void> {
    this.begun.push(what);
    this.options = options;
    this.signal = signal;
    return this.begin(what);
  }
}
