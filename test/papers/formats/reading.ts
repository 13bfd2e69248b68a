import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { type ReadPapersOptions, readPapers } from '../../../src/papers/formats/read-papers.js';
import type { PaperInput, ReadOutcome } from '../../../src/papers/paper.js';

/** The records that came out, and what was thrown after them. */
export interface Reading {
  format: string | null;
  outcomes: ReadOutcome[];
  notes: string[];
  thrown: unknown;
}

/** Reads an input to its end, or to its failure. */
export async function readAll(source: string, options: ReadPapersOptions = {}): Promise<Reading> {
  const reading: Reading = { format: null, outcomes: [], notes: [], thrown: undefined };
  try {
    const input = await readPapers(source, options);
    reading.format = input.format;
    for await (const outcome of input.outcomes) reading.outcomes.push(outcome);
    reading.notes = input.notes();
  } catch (thrown) {
    reading.thrown = thrown;
  }
  return reading;
}

/** Reads bytes or text as standard input, in the pieces given. */
export function readPieces(
  pieces: Iterable<Uint8Array | string>,
  options: ReadPapersOptions = {},
): Promise<Reading> {
  const bytes = [...pieces].map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
  return readAll('-', { ...options, stdin: Readable.from(bytes, { objectMode: true }) });
}

/** The papers among outcomes. */
export function papersOf(outcomes: ReadOutcome[]): PaperInput[] {
  return outcomes.flatMap((outcome) => (outcome.kind === 'paper' ? [outcome.paper] : []));
}

/** Outcomes as "3" for a paper on line 3 and "4 reason" for a bad record on line 4. */
export function summary(outcomes: ReadOutcome[]): string[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'bad' ? `${outcome.line} ${outcome.reason}` : `${outcome.line}`,
  );
}

/** Writes a file of that name into a folder that goes when the test ends. */
export function fileOf(t: TestContext, name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'nearpaper-formats-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A path inside the package, wherever the compiled tests stand. */
export function packagePath(...parts: string[]): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json above the tests');
    folder = parent;
  }
  return join(folder, ...parts);
}
