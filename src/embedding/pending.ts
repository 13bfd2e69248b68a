export interface Settle<T> {
  resolve(value: T): void;
  /** `thrown`: what was caught, or an Error. */
  reject(thrown: unknown): void;
}

/** A promise and what settles it, apart; `Promise.withResolvers`, which Node 20 does not have. */
export function pending<T>(): { promise: Promise<T>; settle: Settle<T> } {
  let settle: Settle<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error('a promise runs its executor at once');
  return { promise, settle };
}
