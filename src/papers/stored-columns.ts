/** Columns made at publish and kept in the store: reading them takes a fiftieth of the time of making them. */
import type { Database } from 'better-sqlite3';
import { Pace } from '../pacing.js';
import {
  columnsOf,
  makeColumns,
  makeColumnsInTurns,
  NUMBER_COLUMNS,
  type PaperColumns,
  type RawColumns,
  TEXT_COLUMNS,
} from './columns.js';
import { holdersOf, loadTwins, Twins } from './twins.js';

/** To be raised when columns or sketches are made another way: older ones are then made anew when the store opens. */
const VERSION = 1;

/** What a store keeps in memory. */
export interface Kept {
  columns: PaperColumns;
  twins: Twins;
}

/** Makes the columns and writes them; the papers must not change afterwards. Some 20 microseconds a paper. */
export function writeColumns(db: Database): void {
  const count = countOf(db);
  const { numbers, texts } = makeColumns(db, count);
  db.transaction(() => {
    db.exec(`DROP TABLE IF EXISTS main.columns;
      CREATE TABLE main.columns (name TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;`);
    const put = db.prepare<[string, Buffer]>('INSERT INTO main.columns (name, data) VALUES (?, ?)');
    for (const name of NUMBER_COLUMNS) put.run(name, bytesOf(numbers[name]));
    for (const name of TEXT_COLUMNS) put.run(name, Buffer.from(texts[name]));
    const groups = [...holdersOf(db)].filter(({ length }) => length > 0);
    put.run('twins', bytesOf(Uint32Array.from(groups.flatMap((holders) => [holders.length, ...holders]))));
    // Last, in a transaction: where it stands, all of them do.
    put.run('version', bytesOf(Uint32Array.of(VERSION, count)));
  })();
}

/**
 * The columns as they were written, otherwise as they are made from the rows, in slices that leave the event loop free. They
 * are taken for those of the papers when they are of as many: a draft is sealed last of all, and its file never changed.
 */
export async function loadColumns(db: Database): Promise<Kept> {
  const count = countOf(db);
  const read = readerOf(db);
  // A service that answers may be opening its next generation.
  const pace = new Pace();
  const [version, papers] = numbersOf(read('version'));
  if (version !== VERSION || papers !== count)
    return { columns: columnsOf(await makeColumnsInTurns(db, count)), twins: await loadTwins(db) };
  const raw: RawColumns = {
    numbers: await record(NUMBER_COLUMNS, pace, (name) => numbersOf(read(name))),
    texts: await record(TEXT_COLUMNS, pace, (name) => read(name).toString()),
  };
  const twins = new Twins();
  const groups = numbersOf(read('twins'));
  for (let at = 0; at < groups.length; ) {
    if (pace.due()) await pace.turn();
    const end = at + 1 + (groups[at] as number); // at < groups.length
    twins.relate(Array.from(groups.subarray(at + 1, end)));
    at = end;
  }
  return { columns: columnsOf(raw), twins };
}

function countOf(db: Database): number {
  return db.prepare<[], number>('SELECT count(*) FROM main.papers').pluck().get() ?? 0;
}

/** Reads a column, or nothing where the store has none. */
function readerOf(db: Database): (name: string) => Buffer {
  const exists = db
    .prepare("SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = 'columns'")
    .get();
  if (exists === undefined) return () => Buffer.alloc(0);
  const column = db.prepare<[string], Buffer>('SELECT data FROM main.columns WHERE name = ?').pluck();
  return (name) => column.get(name) ?? Buffer.alloc(0);
}

async function record<Name extends string, Value>(
  names: readonly Name[],
  pace: Pace,
  read: (name: Name) => Value,
): Promise<Record<Name, Value>> {
  const entries: [Name, Value][] = [];
  for (const name of names) {
    if (pace.due()) await pace.turn();
    entries.push([name, read(name)]);
  }
  // Object.fromEntries forgets the names.
  return Object.fromEntries(entries) as Record<Name, Value>;
}

/** In the order of bytes of this machine, as every file of an index. */
function bytesOf(numbers: Uint32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function numbersOf(bytes: Buffer): Uint32Array {
  // SQLite's buffer need not be aligned to 4 bytes.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
