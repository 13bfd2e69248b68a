/** Papers that the corpus holds more than once, under ids of their own. */
import type { Database } from 'better-sqlite3';
import { Pace } from '../pacing.js';

/**
 * An alias that more papers have names no paper but something larger, such as the volume that they all appeared in.
 */
export const MOST_HOLDERS = 8;

/** Rows read between two looks at the clock: some 0.3 ms. */
const ROWS_A_SLICE = 300;

/** Which papers share an alias: the same DOI or the same arXiv id, from id, DOI or URL. */
export class Twins {
  /** For each paper that shares an alias, the holders of each alias it shares. A list is one object for all of them. */
  readonly #groups = new Map<number, (readonly number[])[]>();

  /** `holders`: the labels of two papers or more that have one alias. */
  relate(holders: readonly number[]): void {
    for (const label of holders) {
      const groups = this.#groups.get(label);
      if (groups === undefined) this.#groups.set(label, [holders]);
      else groups.push(holders);
    }
  }

  /** The other papers that share an alias with this one, ascending. */
  of(label: number): readonly number[] {
    const groups = this.#groups.get(label);
    if (groups === undefined) return [];
    return [...new Set(groups.flat())].filter((other) => other !== label).sort((a, b) => a - b);
  }
}

/** Reads which papers share an alias, in slices that leave the event loop free. */
export async function loadTwins(db: Database): Promise<Twins> {
  const twins = new Twins();
  const pace = new Pace();
  for (const holders of holdersOf(db)) {
    if (holders.length > 0) twins.relate(holders);
    if (pace.due()) await pace.turn();
  }
  return twins;
}

/** The labels that have one alias together, alias by alias; between two slices of rows an empty list, to give way at. */
export function* holdersOf(db: Database): Generator<readonly number[]> {
  const slice = db
    .prepare<[string, number, number], [alias: string, label: number]>(
      'SELECT alias, label FROM main.aliases WHERE (alias, label) > (?, ?) ORDER BY alias, label LIMIT ?',
    )
    .raw();
  let alias = '';
  let holders: number[] = [];
  for (let last: [string, number] | undefined = ['', -1]; last !== undefined; ) {
    const rows: [string, number][] = slice.all(...last, ROWS_A_SLICE);
    for (const [next, label] of rows) {
      if (next !== alias) {
        if (areTwins(holders)) yield holders;
        alias = next;
        holders = [];
      }
      holders.push(label);
    }
    last = rows.at(-1);
    yield [];
  }
  if (areTwins(holders)) yield holders;
}

function areTwins(holders: readonly number[]): boolean {
  return holders.length > 1 && holders.length <= MOST_HOLDERS;
}

/**
 * Papers that are held more than once under ids of their own, told by a DOI or arXiv id that they share: how many such groups
 * there are, and the ids of the first few.
 */
export function twinsIn(db: Database, examples: number): { count: number; examples: string[][] } {
  const groups = `SELECT alias FROM main.aliases GROUP BY alias HAVING count(*) BETWEEN 2 AND ${MOST_HOLDERS}`;
  const count = db.prepare<[], number>(`SELECT count(*) FROM (${groups})`).pluck().get() ?? 0;
  if (count === 0) return { count, examples: [] };
  const some = db.prepare<[number], string>(`${groups} LIMIT ?`).pluck().all(examples);
  const idsOf = db
    .prepare<[string], string>(
      'SELECT id FROM main.aliases JOIN main.papers USING (label) WHERE alias = ? ORDER BY label',
    )
    .pluck();
  return { count, examples: some.map((alias) => idsOf.all(alias)) };
}
