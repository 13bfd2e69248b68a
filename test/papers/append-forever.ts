/**
 * Run as a process that tests kill: appends one to nine changes at a time to the journal named, and prints the last one of
 * each append once it has returned.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openJournal } from '../../src/papers/journal.js';
import { FINGERPRINT } from './drafting.js';
import { changes } from './journaling.js';

/** The path of this program. */
export const appendForever = fileURLToPath(import.meta.url);

/** Where the append ends that follows one that ended here. */
export function endOfNextAppend(last: number): number {
  return last + 1 + (last % 9);
}

function main(path: string): never {
  const journal = openJournal(path, 'write');
  for (let last = journal.lastSeq, appends = 1; ; appends++) {
    const next = endOfNextAppend(last);
    journal.append(FINGERPRINT, changes(last + 1, next, 384));
    last = next;
    // At once: what is printed through the event loop would never come out of this loop.
    writeSync(1, `${last}\n`);
    if (appends % 10 === 0) journal.trim(Math.max(0, last - 20));
  }
}

if (process.argv[1] === appendForever) main(process.argv[2] ?? '');
