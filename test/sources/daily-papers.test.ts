/** Following the daily papers against a server that answers like theirs. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { markBuilt, pendingPages } from '../../src/sources/fetched-pages.js';
import { STATE_FILE } from '../../src/sources/harvest-state.js';
import { dailyScene, INDEX, pagesIn } from './fetching.js';
import { says, status } from './source-server.js';

const LISTS = {
  '2024-03-04': ['A', 'B'],
  '2024-03-07': ['C'],
  '2024-03-08': ['D'],
  '2024-03-09': ['E'],
  '2024-03-10': ['F'],
};
const SOURCE = { folder: 'daily-papers' };
const DAY_MS = 24 * 60 * 60 * 1000;
const days = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `2024-03-${String(from + i).padStart(2, '0')}`);

describe('a harvest of daily papers', () => {
  it('asks for each day since a week ago, one a second, and keeps those with papers', async (t) => {
    const { server, clock, folder, fetch } = await dailyScene(t, LISTS);
    const { pages, records, pending, since } = await fetch();
    assert.deepEqual([pages, records, since], [5, 6, '2024-03-03']);
    assert.deepEqual(server.days, days(3, 10));
    assert.deepEqual(clock.waits, Array(7).fill(1000));
    const names = Object.keys(LISTS).map((day) => `${day}.json.gz`);
    assert.deepEqual(pending, names);
    assert.deepEqual([...(await pagesIn(folder)).keys()], names);
  });

  it('later asks from two days before the last, and takes in the lists that have grown', async (t) => {
    const { server, clock, folder, fetch } = await dailyScene(t, LISTS);
    await markBuilt(SOURCE, folder, INDEX.folder, (await fetch()).pending);
    server.asked.length = 0;
    server.lists = { ...LISTS, '2024-03-09': ['E', 'E2'], '2024-03-11': ['G'] };
    clock.time += 2 * DAY_MS;
    server.today = '2024-03-12';
    const grown = await fetch();
    assert.deepEqual(server.days, days(8, 12));
    assert.deepEqual(grown.pending, ['2024-03-09.json.gz', '2024-03-11.json.gz']);
    assert.match((await pagesIn(folder)).get('2024-03-09.json.gz') ?? '', /"E2"/);
  });

  it('does not have a list built in again that has not changed', async (t) => {
    const { clock, fetch, folder } = await dailyScene(t, LISTS);
    const { pending } = await fetch();
    await markBuilt(SOURCE, folder, INDEX.folder, pending);
    clock.time += 1000;
    assert.deepEqual((await fetch()).pending, []);
  });

  it('asks for no day to come', async (t) => {
    const { server, fetch } = await dailyScene(t, LISTS);
    await fetch({ since: '2024-03-09', until: '2024-03-20' });
    assert.deepEqual(server.days, days(9, 10));
  });

  it('fetches an earlier gap and not what it has', async (t) => {
    const { server, fetch } = await dailyScene(t, LISTS);
    await fetch({ since: '2024-03-05' });
    server.asked.length = 0;
    await fetch({ since: '2024-03-03' });
    assert.deepEqual(server.days, [...days(3, 4), ...days(8, 10)]);
  });

  it('tells of a day that is refused, and goes on', async (t) => {
    const { server, told, fetch } = await dailyScene(t, LISTS);
    server.faults = [undefined, status(404), status(400)];
    const { pages } = await fetch({ since: '2024-03-07' });
    assert.equal(pages, 2);
    assert.match(told.join('\n'), /no list of 2024-03-08 \(HTTP 404\)\.\n.*2024-03-09 \(HTTP 400\)/);
  });

  it('asks again another time for days that were refused', async (t) => {
    const { server, fetch } = await dailyScene(t, LISTS);
    server.faults = [undefined, status(404), undefined, status(400)];
    await fetch({ since: '2024-02-01', until: '2024-02-05' });
    server.asked.length = 0;
    await fetch({ since: '2024-02-01', until: '2024-02-05' });
    assert.deepEqual(server.days, ['2024-02-02', '2024-02-04']);
    await fetch({ since: '2024-02-01', until: '2024-02-05' });
    assert.equal(server.asked.length, 2);
  });

  it('asks again for a day that was refused before it was interrupted', async (t) => {
    const { server, fetch } = await dailyScene(t, LISTS);
    server.faults = [status(404)];
    const stop = new AbortController();
    const range = { since: '2024-02-01', until: '2024-02-03' };
    await assert.rejects(fetch({ ...range, signal: stop.signal, onPage: () => stop.abort() }));
    await fetch(range);
    await fetch(range);
    assert.deepEqual(server.days, ['2024-02-01', '2024-02-02', '2024-02-03', '2024-02-01']);
  });

  it('of which every day is refused fails', async (t) => {
    const { server, fetch } = await dailyScene(t, LISTS);
    server.faults = [status(404), status(404), status(400)];
    const range = { since: '2024-03-03', until: '2024-03-05' };
    await assert.rejects(fetch(range), {
      code: 'source_refused',
      message: 'Hugging Face refused every day that it was asked for. Check --url and --since.',
    });
    assert.deepEqual((await fetch(range)).pending, ['2024-03-04.json.gz']);
  });

  it('tries again what is no list', async (t) => {
    const { server, told, fetch } = await dailyScene(t, LISTS);
    server.faults = [says('<html>'), says('{"error":"x"}')];
    const { records } = await fetch({ since: '2024-03-10' });
    assert.equal(records, 1);
    assert.match(told.join('\n'), /not JSON.*\n.*no list of papers/);
  });

  it('that was interrupted goes on with the next day', async (t) => {
    for (let last = 1; last < 4; last++) {
      const { server, fetch } = await dailyScene(t, LISTS);
      const stop = new AbortController();
      let seen = 0;
      const onPage = () => {
        seen++;
        if (seen === last) stop.abort();
      };
      await assert.rejects(fetch({ since: '2024-03-07', signal: stop.signal, onPage }));
      const { pending } = await fetch({ since: '2024-03-07' });
      assert.deepEqual(server.days, days(7, 10));
      assert.equal(pending.length, 4);
    }
  });

  it('killed after pages of which the state does not know has them built', async (t) => {
    const { folder, fetch } = await dailyScene(t, LISTS);
    const state = join(folder, STATE_FILE);
    const stop = new AbortController();
    const since = '2024-03-07';
    await assert.rejects(fetch({ since, signal: stop.signal, onPage: () => stop.abort() }));
    const before = await readFile(state, 'utf8');
    const { pending } = await fetch({ since });
    await writeFile(state, before);
    assert.deepEqual((await fetch({ since })).pending, pending);
    await rm(state);
    assert.deepEqual((await fetch({ since })).pending, pending, 'nor does a state that is gone lose any');
  });

  it('takes a list for built nowhere before it is written anew', async (t) => {
    const { server, folder, fetch } = await dailyScene(t, LISTS);
    await markBuilt(SOURCE, folder, INDEX.folder, (await fetch()).pending);
    server.lists = { ...LISTS, '2024-03-09': ['E', 'E2'] };
    // Nothing can be written there: as when the process dies just then.
    const obstacle = join(folder, '.2024-03-09.json.gz.tmp');
    await mkdir(obstacle);
    await assert.rejects(fetch(), { code: 'index_unwritable' });
    assert.deepEqual(await pendingPages(SOURCE, folder, INDEX), ['2024-03-09.json.gz']);
    await rmdir(obstacle);
    await fetch();
    assert.match((await pagesIn(folder)).get('2024-03-09.json.gz') ?? '', /"E2"/);
  });
});
