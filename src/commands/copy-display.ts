/** Progress of a backup or a restore. */
import { sizeOf } from './amounts.js';
import { ProgressLine } from './progress-line.js';

export class CopyDisplay {
  readonly #line: ProgressLine;
  readonly #verb: string;

  /** `verb`: such as Copying. */
  constructor(stream: NodeJS.WriteStream, verb: string) {
    this.#line = new ProgressLine(stream);
    this.#verb = verb;
  }

  readonly show = (done: number, total: number): void => {
    this.#line.show(() => `${this.#verb} ${sizeOf(done)} of ${sizeOf(total)}`);
  };

  end(): void {
    this.#line.end();
  }
}
