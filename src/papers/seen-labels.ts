/** Labels that an input named: a bit for each, since a set of numbers takes 40 bytes for each of a million. */
export class SeenLabels {
  #bits = new Uint32Array(1024);
  #size = 0;

  /** How many are in it. */
  get size(): number {
    return this.#size;
  }

  has(label: number): boolean {
    return ((this.#bits[label >>> 5] ?? 0) & (1 << (label & 31))) !== 0;
  }

  /** `label`: a whole number from 0 to 2^32 - 1. */
  add(label: number): void {
    if (this.has(label)) return;
    const word = label >>> 5;
    if (word >= this.#bits.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (label & 31));
    this.#size += 1;
  }

  delete(label: number): void {
    if (!this.has(label)) return;
    const word = label >>> 5;
    this.#bits[word] = (this.#bits[word] ?? 0) & ~(1 << (label & 31));
    this.#size -= 1;
  }
}
