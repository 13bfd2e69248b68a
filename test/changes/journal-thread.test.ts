import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { JournalThread } from '../../src/changes/journal-thread.js';
import type { Change } from '../../src/papers/change.js';
import { createJournal } from '../../src/papers/journal.js';
import { failure } from '../build/building.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const removal = (seq: number): Change => ({ kind: 'remove', seq, label: seq, id: `p${seq}` });

describe('the thread of a journal', () => {
  it('goes on after a write that failed with what is on disk', async (t) => {
    const path = join(await temporaryFolder(t), 'changes-00000000.db');
    createJournal(path);
    const journal = await JournalThread.open({ path, fingerprint: 'model' });
    t.after(() => journal.close());
    await journal.append([removal(1)]);
    await assert.rejects(journal.append([removal(3)]), failure('internal', /./));
    assert.deepEqual(await journal.changesAfter(0), [removal(1)]);
    await journal.append([removal(2)]);
    assert.deepEqual(await journal.changesAfter(1), [removal(2)]);
  });

  it('that cannot open it says why, and can be closed all the same', async (t) => {
    const path = join(await temporaryFolder(t), 'changes-00000000.db');
    await assert.rejects(JournalThread.open({ path, fingerprint: 'model' }), failure('index_damaged', /./));
  });

  it('answers nothing once it is closed', async (t) => {
    const path = join(await temporaryFolder(t), 'changes-00000000.db');
    createJournal(path);
    const journal = await JournalThread.open({ path, fingerprint: 'model' });
    await Promise.all([journal.append([removal(1)]), journal.close()]);
    await assert.rejects(journal.append([removal(2)]), failure('not_ready', /closed/));
  });
});
