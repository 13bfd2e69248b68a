/** Following arXiv against a server that speaks OAI-PMH. */
import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { markBuilt } from '../../src/sources/harvest.js';
import { STATE_FILE } from '../../src/sources/harvest-state.js';
import { arxivScene, idsIn, pagesIn } from './fetching.js';
import { madeRecords } from './oai-server.js';
import { status } from './source-server.js';

const ids = (count: number) => madeRecords(count).map(({ id }) => id);
const DAY_MS = 24 * 60 * 60 * 1000;

describe('a harvest of arXiv', () => {
  it('keeps every page, in order, and says how far it is', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, madeRecords(5));
    const shown: [number, number, number | null][] = [];
    const report = await fetch({
      onPage: ({ pages, records, total }) => shown.push([pages, records, total]),
    });
    assert.deepEqual(report, {
      folder: join(folder, 'arxiv-cs.CL'),
      since: '2024-03-01',
      until: null,
      pages: 3,
      records: 5,
      pending: ['page-000001.xml.gz', 'page-000002.xml.gz', 'page-000003.xml.gz'],
    });
    assert.deepEqual(shown, [
      [1, 2, 5],
      [2, 4, 5],
      [3, 5, 5],
    ]);
    assert.deepEqual(await idsIn(folder), ids(5));
    const [first, ...others] = server.queries;
    assert.deepEqual(first, {
      verb: 'ListRecords',
      metadataPrefix: 'arXiv',
      set: 'cs:cs:CL',
      from: '2024-03-01',
    });
    for (const query of others) assert.deepEqual(Object.keys(query).toSorted(), ['resumptionToken', 'verb']);
    assert.ok(server.asked.every(({ userAgent }) => userAgent === 'nearpaper/1'));
  });

  it('asks every three seconds, also when the run before has just ended', async (t) => {
    const { server, clock, fetch } = await arxivScene(t, madeRecords(6));
    // Every answer takes half a second, which is no part of the interval.
    server.now = () => {
      clock.time += 500;
      return clock.time;
    };
    await fetch();
    assert.deepEqual(clock.waits, [3000, 3000]);
    clock.time += 1000;
    await fetch();
    assert.deepEqual(clock.waits, [3000, 3000, 2000]);
    clock.time += DAY_MS;
    await fetch();
    assert.equal(clock.waits.length, 3);
  });

  it('does not wait for hours when the clock was set back', async (t) => {
    const { clock, fetch } = await arxivScene(t, madeRecords(2));
    await fetch();
    clock.time -= DAY_MS / 2;
    await fetch();
    assert.deepEqual(clock.waits, [3000]);
  });

  it('is followed by one that fetches only what is new', async (t) => {
    const { server, clock, folder, fetch } = await arxivScene(t, madeRecords(5));
    await fetch();
    const again = await fetch();
    assert.deepEqual([again.pages, again.records], [0, 0]);
    // The day before is asked for again: what changed late on it may have come since.
    assert.equal(server.queries.at(-1)?.from, '2024-03-09');
    clock.time += 5 * DAY_MS;
    server.records.push({ id: '2403.00099', datestamp: '2024-03-14', title: 'New' });
    server.records.push({ id: '2403.00098', datestamp: '2024-03-09', title: 'Late on the day before' });
    const later = await fetch({ since: null });
    assert.deepEqual([later.pages, later.records, later.since], [1, 2, '2024-03-01']);
    assert.deepEqual((await idsIn(folder)).slice(5).toSorted(), ['2403.00098', '2403.00099']);
  });

  it('trusts a page from a cache no further than its date', async (t) => {
    const { server, fetch } = await arxivScene(t, madeRecords(3));
    const days = ['2024-03-10', '2024-03-07', '2024-03-10'];
    server.now = () => Date.parse(`${days.shift() ?? '2024-03-10'}T12:00:00Z`);
    await fetch();
    await fetch();
    assert.equal(server.queries.at(-1)?.from, '2024-03-06');
  });

  it('fetches the gap when it is asked for earlier days, and nothing else', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, madeRecords(6));
    await fetch({ since: '2024-03-04' });
    assert.deepEqual(await idsIn(folder), ids(6).slice(3));
    server.asked.length = 0;
    await fetch({ since: '2024-03-02' });
    assert.deepEqual(
      server.queries.map(({ from, until }) => [from, until]),
      [
        ['2024-03-02', '2024-03-03'],
        ['2024-03-09', undefined],
      ],
    );
    assert.deepEqual(await idsIn(folder), [...ids(6).slice(3), ...ids(6).slice(1, 3)]);
  });

  it('ends with --until, and later goes on behind it', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, madeRecords(6));
    await fetch({ since: '2024-03-02', until: '2024-03-03' });
    assert.deepEqual(await idsIn(folder), ids(6).slice(1, 3));
    const again = await fetch({ since: '2024-03-02', until: '2024-03-03' });
    assert.equal(again.pages, 0);
    assert.equal(server.asked.length, 1, 'days that cannot change are not asked for again');
    await fetch({ since: '2024-03-02' });
    assert.deepEqual(await idsIn(folder), ids(6).slice(1));
  });

  it('of all of arXiv asks without a day, as arXiv wants it', async (t) => {
    const { server, fetch } = await arxivScene(t, madeRecords(1));
    await fetch({ since: '1990-01-01' });
    assert.deepEqual(server.queries, [{ verb: 'ListRecords', metadataPrefix: 'arXiv', set: 'cs:cs:CL' }]);
  });

  it('keeps categories apart', async (t) => {
    const other = { id: '2403.77777', datestamp: '2024-03-02', title: 'Strings', categories: ['hep-th'] };
    const { folder, fetch } = await arxivScene(t, [...madeRecords(2), other]);
    await fetch();
    await fetch({ category: 'hep-th' });
    assert.deepEqual(await idsIn(folder), ids(2));
    const [page] = (await pagesIn(join(folder, 'arxiv-hep-th'))).values();
    assert.match(page ?? '', /2403\.77777/);
  });

  it('without a record is no failure', async (t) => {
    const { fetch } = await arxivScene(t, []);
    assert.deepEqual((await fetch()).pending, []);
  });

  it('gives no page to a build on which every record is deleted', async (t) => {
    const deleted = madeRecords(2).map((record) => ({ ...record, deleted: true }));
    const { fetch } = await arxivScene(t, [...deleted, ...madeRecords(4).slice(2)]);
    const { records, pending } = await fetch();
    assert.deepEqual([records, pending], [4, ['page-000002.xml.gz']]);
  });

  it('reads gzipped answers', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, madeRecords(3));
    server.gzips = true;
    await fetch();
    assert.deepEqual(await idsIn(folder), ids(3));
  });

  it('whose token expires begins again, and loses nothing', async (t) => {
    const { server, folder, told, fetch } = await arxivScene(t, madeRecords(6));
    let pages = 0;
    await fetch({
      onPage: () => {
        pages++;
        if (pages === 2) server.epoch++;
      },
    });
    assert.deepEqual(await idsIn(folder), [...ids(4), ...ids(6)]);
    assert.match(
      told.join('\n'),
      /no longer knows where the harvest was: it begins again from 2024-03-01 on/,
    );
  });

  it('whose token expires again and again is given up', async (t) => {
    const { server, fetch } = await arxivScene(t, madeRecords(6));
    await assert.rejects(fetch({ onPage: () => server.epoch++ }), { code: 'source_refused' });
    assert.ok(server.asked.length < 12);
  });

  it('that arXiv refuses says what arXiv said', async (t) => {
    const { server, told, fetch } = await arxivScene(t, madeRecords(2));
    const refusal =
      '<OAI-PMH><responseDate>2024-03-10T12:00:00Z</responseDate><error code="badArgument">No such set</error></OAI-PMH>';
    server.faults = [(_request, response) => response.writeHead(422).end(refusal)];
    await assert.rejects(fetch(), { code: 'source_refused', message: /badArgument: No such set/ });
    server.faults = [status(403)];
    await assert.rejects(fetch(), { code: 'source_refused', message: /HTTP 403/ });
    assert.equal(server.asked.length, 2, 'a refusal is not tried again');
    assert.deepEqual(told, []);
  });
});

describe('a harvest of arXiv that was interrupted', () => {
  it('after any page goes on with the next: nothing twice, nothing lost', async (t) => {
    for (let last = 1; last <= 4; last++) {
      const { server, folder, fetch } = await arxivScene(t, madeRecords(8));
      const stop = new AbortController();
      const onPage = ({ pages }: { pages: number }) => {
        if (pages === last) stop.abort();
      };
      const stopped = fetch({ signal: stop.signal, onPage });
      // What came whole is kept, whatever is wanted meanwhile.
      if (last < 4) await assert.rejects(stopped, (thrown) => thrown === stop.signal.reason);
      else await stopped;
      assert.deepEqual(await idsIn(folder), ids(2 * last));
      await fetch();
      assert.deepEqual(await idsIn(folder), ids(8));
      const asked = server.queries.map((query) => JSON.stringify(query));
      assert.equal(new Set(asked).size, asked.length);
    }
  });

  it('between a page and the state that knows of it fetches that page again, in its place', async (t) => {
    const { folder, fetch } = await arxivScene(t, madeRecords(8));
    const state = join(folder, 'arxiv-cs.CL', STATE_FILE);
    const before = join(folder, 'state-before');
    const stop = new AbortController();
    await assert.rejects(
      fetch({
        signal: stop.signal,
        onPage: ({ pages }) => {
          if (pages === 3) stop.abort();
        },
      }),
    );
    // As after kill -9: the page is there, the state is the one that the second page left.
    const text = await readFile(state, 'utf8');
    const known = JSON.parse(text);
    const token = JSON.parse(Buffer.from(known.harvest.cursor, 'base64').toString());
    token[1].skip = 4;
    known.harvest.cursor = Buffer.from(JSON.stringify(token)).toString('base64');
    known.harvest.records = 4;
    known.nextPage = 3;
    known.pending.pop();
    await writeFile(before, JSON.stringify(known));
    await cp(before, state);
    const { pending } = await fetch();
    assert.deepEqual(await idsIn(folder), ids(8));
    assert.equal(pending.length, 4);
  });

  it('in a wait ends at once', async (t) => {
    const { server, clock, fetch } = await arxivScene(t, madeRecords(8));
    const stop = new AbortController();
    clock.onWait = () => stop.abort();
    await assert.rejects(fetch({ signal: stop.signal }), (thrown) => thrown === stop.signal.reason);
    assert.equal(server.asked.length, 1);
  });

  it('is given up, with its pages, for other days', async (t) => {
    const { server, folder, told, fetch } = await arxivScene(t, madeRecords(8));
    const stop = new AbortController();
    await assert.rejects(fetch({ signal: stop.signal, onPage: () => stop.abort() }));
    server.asked.length = 0;
    const { pending } = await fetch({ since: '2024-03-06' });
    assert.equal(server.queries[0]?.from, '2024-03-06');
    assert.match(told.join('\n'), /from 2024-03-01 on that was under way is given up/);
    assert.equal(pending.length, 3);
    assert.deepEqual(await idsIn(folder), [...ids(2), ...ids(8).slice(5)]);
  });

  it('for more than a day is followed by one for what came since', async (t) => {
    const { server, clock, folder, fetch } = await arxivScene(t, madeRecords(4));
    const stop = new AbortController();
    await assert.rejects(fetch({ signal: stop.signal, onPage: () => stop.abort() }));
    clock.time += 3 * DAY_MS;
    server.records.push({ id: '2403.00099', datestamp: '2024-03-12', title: 'New' });
    await fetch();
    assert.deepEqual(new Set(await idsIn(folder)), new Set([...ids(4), '2403.00099']));
    assert.equal(server.queries.at(-1)?.from, '2024-03-09');
  });
});

describe('the folder of a harvest', () => {
  it('says from when only once', async (t) => {
    const { fetch } = await arxivScene(t, madeRecords(2));
    await assert.rejects(fetch({ since: null }), { code: 'usage', message: /--since/ });
    await fetch();
    assert.equal((await fetch({ since: null })).since, '2024-03-01');
  });

  it('refuses days that cannot be', async (t) => {
    const { server, fetch } = await arxivScene(t, []);
    await assert.rejects(fetch({ since: '2024-03-11' }), { code: 'usage', message: /still to come/ });
    await assert.rejects(fetch({ until: '2024-02-01' }), { code: 'usage', message: /before 2024-03-01/ });
    assert.equal(server.asked.length, 0);
  });

  it('whose state is damaged says what to do', async (t) => {
    const { folder, fetch } = await arxivScene(t, madeRecords(2));
    await fetch();
    const state = join(folder, 'arxiv-cs.CL', STATE_FILE);
    for (const damage of ['{', '{"version": 2}', '[]']) {
      await writeFile(state, damage);
      await assert.rejects(fetch(), { code: 'input_unreadable', message: /remove that file/ });
    }
    await rm(state);
    await fetch();
    assert.deepEqual(await idsIn(folder), [...ids(2), ...ids(2)], 'the pages that were there stay');
  });

  it('misses a page that is gone before it was in the index', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, madeRecords(4));
    await fetch();
    await rm(join(folder, 'arxiv-cs.CL', 'page-000002.xml.gz'));
    const message = /page-000002\.xml\.gz, which is not in the index yet: .* remove \.state\.json beside it/;
    await assert.rejects(fetch(), { code: 'input_unreadable', message });
    assert.equal(server.asked.length, 2);
  });

  it('serves one process at a time', async (t) => {
    const { fetch } = await arxivScene(t, madeRecords(4));
    let second: unknown;
    await fetch({
      onPage: () => {
        second ??= fetch().catch((thrown: unknown) => thrown);
      },
    });
    assert.match(String(await second), /Another process is fetching into/);
  });

  it('remembers what no build has taken in', async (t) => {
    const { server, clock, folder, fetch } = await arxivScene(t, madeRecords(4));
    const { pending, folder: pages } = await fetch();
    const source = { folder: 'arxiv-cs.CL' };
    await markBuilt(source, pages, [join(pages, pending[0] ?? '')]);
    clock.time += DAY_MS;
    server.records.push({ id: '2403.00099', datestamp: '2024-03-11', title: 'New' });
    assert.deepEqual((await fetch()).pending, ['page-000002.xml.gz', 'page-000003.xml.gz']);
    assert.equal((await pagesIn(join(folder, 'arxiv-cs.CL'))).size, 3);
  });
});
