/** Progress of a long step on standard error: one line that is rewritten on a terminal, a line now and then elsewhere. */
import { printLine } from './output.js';

/** Milliseconds between two lines of progress. */
const ON_TERMINAL_MS = 100;
const ELSEWHERE_MS = 10_000;

export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  /** Nothing is said of what is over at once. */
  #lastShown = performance.now();
  #openLine = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** `describe` is asked only when it is time to say something. */
  show(describe: () => string): void {
    const now = performance.now();
    if (now - this.#lastShown < (this.#stream.isTTY ? ON_TERMINAL_MS : ELSEWHERE_MS)) return;
    this.#lastShown = now;
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[2K${describe()}`);
    else printLine(this.#stream, describe());
    this.#openLine = this.#stream.isTTY;
  }

  /** Takes away a line that is still being rewritten. */
  end(): void {
    if (this.#openLine) this.#stream.write('\r\u001b[2K');
    this.#openLine = false;
  }
}
