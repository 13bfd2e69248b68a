/** The beginning of a sequence, and the whole of it, still to be read once. */
export interface Peeked<T> {
  taken: readonly T[];
  all: AsyncGenerator<T, void, undefined>;
  /** What ended the sequence while it was peeked at; `all` throws it after what was taken. */
  failure: { thrown: unknown } | null;
}

/** Reads until `isEnough` of what was taken, or to the end, or to a failure, which is kept for its turn. */
export async function peek<T>(
  items: AsyncIterable<T>,
  isEnough: (taken: T[]) => boolean,
): Promise<Peeked<T>> {
  const iterator = items[Symbol.asyncIterator]();
  const taken: T[] = [];
  let failure: { thrown: unknown } | null = null;
  let ended = false;
  try {
    while (!ended && !isEnough(taken)) {
      const next = await iterator.next();
      if (next.done) ended = true;
      else taken.push(next.value);
    }
  } catch (thrown) {
    failure = { thrown };
  }
  return { taken: [...taken], all: resumed(taken, iterator, failure), failure };
}

async function* resumed<T>(
  taken: T[],
  iterator: AsyncIterator<T>,
  failure: { thrown: unknown } | null,
): AsyncGenerator<T, void, undefined> {
  try {
    for (let item = taken.shift(); item !== undefined; item = taken.shift()) yield item;
    if (failure !== null) throw failure.thrown;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
