/** So many at a time, in order of arrival. */
export class Lanes {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** `count`: at least 1. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Does `work` when its turn has come. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((begin) => this.#waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The lane is handed on: no newcomer slips in before who waited longest.
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
