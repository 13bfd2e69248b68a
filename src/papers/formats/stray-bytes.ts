/** Bytes that are not text of the encoding that the input is in. */
export class BadEncoding extends Error {
  /** The 1-based line in which they are. */
  readonly line: number;
  /** Its name as people write it, such as UTF-8. */
  readonly encoding: string;

  constructor(line: number, encoding: string) {
    super(`line ${line} is not ${encoding}`);
    this.line = line;
    this.encoding = encoding;
  }
}

/** Lines that are not text of the encoding that the input is in, and were read as Windows-1252. */
export class StrayLines {
  #count = 0;
  #first = 0;
  #last = 0;
  #encoding = '';

  add(line: number, encoding: string): void {
    if (line === this.#last) return;
    if (this.#count === 0) this.#first = line;
    this.#last = line;
    this.#count += 1;
    this.#encoding = encoding;
  }

  /** What to tell about the input of that name; null where every line is what it should be. */
  note(source: string): string | null {
    if (this.#count === 0) return null;
    const [are, first, they] =
      this.#count === 1
        ? ['line is', `line ${this.#first}`, 'it was']
        : ['lines are', `the first is line ${this.#first}`, 'they were'];
    const count = this.#count.toLocaleString('en');
    return `In ${source}, ${count} ${are} not ${this.#encoding} (${first}); ${they} read as Windows-1252.`;
  }
}
