/** Progress of an evaluation on standard error: one line that is rewritten on a terminal, a line now and then elsewhere. */
import { printLine } from './output.js';

/** Milliseconds between two lines of progress. */
const ON_TERMINAL_MS = 100;
const ELSEWHERE_MS = 10_000;

export class QueryProgress {
  readonly #stream: NodeJS.WriteStream;
  #lastShown = performance.now();
  #openLine = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(done: number, total: number): void {
    const now = performance.now();
    if (now - this.#lastShown < (this.#stream.isTTY ? ON_TERMINAL_MS : ELSEWHERE_MS)) return;
    this.#lastShown = now;
    const text = `Asking ${done} of ${total}`;
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[2K${text}`);
    else printLine(this.#stream, text);
    this.#openLine = this.#stream.isTTY;
  }

  /** Takes away a line that is still being rewritten. */
  end(): void {
    if (this.#openLine) this.#stream.write('\r\u001b[2K');
    this.#openLine = false;
  }
}
