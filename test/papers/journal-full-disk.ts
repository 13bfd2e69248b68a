/**
 * Run by journal-killed.test.ts in a process that may write no file beyond some kilobytes, which fails as a full disk does
 * (see test/vectors/full-disk.ts): appends until it is refused, and prints why and what the journal ends with, as JSON.
 */
import { NearpaperError } from '../../src/errors.js';
import { openJournal } from '../../src/papers/journal.js';
import { FINGERPRINT } from './drafting.js';
import { changes } from './journaling.js';

// Without a handler the signal that comes with the limit ends the process.
process.on('SIGXFSZ', () => undefined);

const journal = openJournal(process.argv[2] ?? '', 'write');
let refused = '';
while (refused === '') {
  const { lastSeq } = journal;
  try {
    journal.append(FINGERPRINT, changes(lastSeq + 1, lastSeq + 5, 384));
  } catch (thrown) {
    refused = thrown instanceof NearpaperError ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
}
process.stdout.write(JSON.stringify({ refused, lastSeq: journal.lastSeq }));
