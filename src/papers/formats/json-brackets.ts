/** The deepest nesting of brackets that a record may have; no record of a paper comes near it. */
export const MAX_DEPTH = 1000;

const CLOSER = { '{': '}', '[': ']' } as const;

/** The brackets of a JSON text that are open. Those beyond MAX_DEPTH are only counted, so that it stays small. */
export class OpenBrackets {
  /** What must close the outermost ones, innermost last. */
  readonly #closers: string[] = [];
  #beyond = 0;

  /** How many are open. */
  get depth(): number {
    return this.#closers.length + this.#beyond;
  }

  /** Whether more are open than a record may have. */
  get isTooDeep(): boolean {
    return this.#beyond > 0;
  }

  /** What must close the innermost; undefined where none is open, or more than a record may have. */
  get innermost(): string | undefined {
    return this.#beyond > 0 ? undefined : this.#closers.at(-1);
  }

  open(bracket: '{' | '['): void {
    if (this.#closers.length < MAX_DEPTH) this.#closers.push(CLOSER[bracket]);
    else this.#beyond += 1;
  }

  /** Closes the innermost; false when it needs the other bracket, or none is open. */
  close(bracket: string): boolean {
    if (this.#beyond === 0) return this.#closers.pop() === bracket;
    this.#beyond -= 1;
    return true;
  }

  /** The text that closes them all. */
  closing(): string {
    return this.#closers.toReversed().join('');
  }
}
