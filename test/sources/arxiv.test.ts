/** Following arXiv against a server that speaks OAI-PMH. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { markBuilt } from '../../src/sources/fetched-pages.js';
import { STATE_FILE } from '../../src/sources/harvest-state.js';
import { arxivScene, INDEX, idsIn, pagesIn } from './fetching.js';
import { madeRecords } from './oai-server.js';
import { SourceServer, says, status } from './source-server.js';

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

  it('up to today or a later day asks without an end, since arXiv takes no day far ahead', async (t) => {
    for (const until of ['2024-03-10', '2024-03-20', '9999-12-30']) {
      const { server, folder, fetch } = await arxivScene(t, madeRecords(3));
      await fetch({ until });
      assert.deepEqual(await idsIn(folder), ids(3));
      assert.ok(server.queries.every((query) => !('until' in query)));
    }
  });

  it('that ends before the first datestamp of arXiv is refused, and none is asked for later', async (t) => {
    const { server, fetch } = await arxivScene(t, madeRecords(1));
    const message = /--until 2004-12-31 is before 2005-09-16: no record of arXiv cs\.CL/;
    await assert.rejects(fetch({ since: '1995-01-01', until: '2004-12-31' }), { code: 'usage', message });
    assert.equal(server.asked.length, 0);
    await fetch({ since: '2005-10-01', until: '2005-10-31' });
    await fetch({ since: '1995-01-01', until: '2005-10-31' });
    assert.deepEqual(
      server.queries.map(({ from, until }) => [from, until]),
      [
        ['2005-10-01', '2005-10-31'],
        [undefined, '2005-09-30'],
      ],
    );
    await fetch({ since: '1995-01-01', until: '2005-10-31' });
    assert.equal(server.asked.length, 2);
    const whole = await arxivScene(t, madeRecords(1));
    await whole.fetch({ since: '2005-09-16', until: '2005-10-31' });
    await whole.fetch({ since: '1995-01-01', until: '2005-10-31' });
    assert.equal(whole.server.asked.length, 1, 'nothing is missing before the first datestamp');
  });

  it('does not take an answer without a list for an empty one', async (t) => {
    const { server, told, folder, fetch } = await arxivScene(t, madeRecords(4));
    const made = '<responseDate>2024-03-10T12:00:00Z</responseDate><request verb="ListRecords"/>';
    server.faults = [says(`<OAI-PMH>${made}<Identify/></OAI-PMH>`), says(`<OAI-PMH>${made}</OAI-PMH>`)];
    await fetch({ until: '2024-03-05' });
    assert.deepEqual(await idsIn(folder), ids(4));
    assert.equal(told.filter((line) => /without a list of records/.test(line)).length, 2);
    const empty = await arxivScene(t, []);
    empty.server.faults = [
      says(
        `<o:OAI-PMH xmlns:o="x"><o:${made.slice(1).replace('</', '</o:')}<o:ListRecords/></o:OAI-PMH>`.replace(
          '<request verb="ListRecords"/>',
          '',
        ),
      ),
    ];
    await empty.fetch();
    assert.deepEqual(empty.told, []);
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

  it('keeps no page on which every record is deleted', async (t) => {
    const deleted = madeRecords(2).map((record) => ({ ...record, deleted: true }));
    const { folder, fetch } = await arxivScene(t, [...deleted, ...madeRecords(4).slice(2)]);
    const { records, pending } = await fetch();
    assert.deepEqual([records, pending], [4, ['page-000001.xml.gz']]);
    assert.deepEqual(await idsIn(folder), ids(4).slice(2));
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

  /** As after kill -9 between the third page and the state that knows of it. */
  async function killedAfterThirdPage(t: TestContext) {
    const scene = await arxivScene(t, madeRecords(8));
    // Every answer is the same whenever it is asked for.
    scene.server.now = () => Date.parse('2024-03-10T12:00:00Z');
    const state = join(scene.folder, 'arxiv-cs.CL', STATE_FILE);
    const stopAfter = async (last: number) => {
      const stop = new AbortController();
      const onPage = ({ pages }: { pages: number }) => {
        if (pages === last) stop.abort();
      };
      await assert.rejects(scene.fetch({ signal: stop.signal, onPage }));
    };
    await stopAfter(2);
    const before = await readFile(state, 'utf8');
    await stopAfter(1);
    await writeFile(state, before);
    return scene;
  }

  it('between a page and the state that knows of it fetches that page again, in its place', async (t) => {
    const { folder, fetch } = await killedAfterThirdPage(t);
    const { pending } = await fetch();
    assert.deepEqual(await idsIn(folder), ids(8));
    assert.deepEqual(
      pending,
      [1, 2, 3, 4].map((n) => `page-00000${n}.xml.gz`),
    );
  });

  it('between a page and its state, with that page built meanwhile, has it built again only where it changed', async (t) => {
    for (const change of [false, true]) {
      const { server, folder, fetch } = await killedAfterThirdPage(t);
      const third = 'page-000003.xml.gz';
      await markBuilt({ folder: 'arxiv-cs.CL' }, join(folder, 'arxiv-cs.CL'), INDEX.folder, [third]);
      if (change) server.records = server.records.map((record) => ({ ...record, abstract: 'Another.' }));
      const { pending } = await fetch();
      assert.equal(pending.includes(third), change);
    }
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
    const { pending } = await fetch();
    assert.deepEqual(await idsIn(folder), [...ids(2), ...ids(2)], 'the pages that were there stay');
    assert.deepEqual(pending, ['page-000001.xml.gz', 'page-000002.xml.gz']);
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
    await markBuilt({ folder: 'arxiv-cs.CL' }, pages, INDEX.folder, pending.slice(0, 1));
    clock.time += DAY_MS;
    server.records.push({ id: '2403.00099', datestamp: '2024-03-11', title: 'New' });
    assert.deepEqual((await fetch()).pending, ['page-000002.xml.gz', 'page-000003.xml.gz']);
    assert.equal((await pagesIn(join(folder, 'arxiv-cs.CL'))).size, 3);
  });

  it('is of as many indexes as there are, each with what it lacks', async (t) => {
    const { fetch } = await arxivScene(t, madeRecords(4));
    const { pending, folder: pages } = await fetch();
    await markBuilt({ folder: 'arxiv-cs.CL' }, pages, INDEX.folder, pending);
    assert.deepEqual((await fetch()).pending, []);
    assert.deepEqual((await fetch({ index: { folder: '/srv/other', isPublished: true } })).pending, pending);
    const source = { folder: 'arxiv-cs.CL' };
    await markBuilt(source, pages, '/srv/other', pending.slice(1));
    assert.deepEqual(
      (await fetch({ index: { folder: '/srv/other', isPublished: true } })).pending,
      pending.slice(0, 1),
    );
  });

  it('holds nothing that an index has which is gone, nor when it is made anew', async (t) => {
    const { fetch } = await arxivScene(t, madeRecords(4));
    const { pending, folder: pages } = await fetch();
    await markBuilt({ folder: 'arxiv-cs.CL' }, pages, INDEX.folder, pending);
    assert.deepEqual((await fetch({ index: { ...INDEX, isPublished: false } })).pending, pending);
    assert.deepEqual((await fetch()).pending, pending, 'the list of before is not believed again');
  });

  it('does without pages that were built and removed', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, madeRecords(4));
    const { pending, folder: pages } = await fetch();
    await markBuilt({ folder: 'arxiv-cs.CL' }, pages, INDEX.folder, pending);
    for (const name of pending) await rm(join(pages, name));
    server.records.push({ id: '2403.00099', datestamp: '2024-03-10', title: 'New' });
    assert.deepEqual((await fetch()).pending, ['page-000003.xml.gz']);
    assert.equal((await pagesIn(join(folder, 'arxiv-cs.CL'))).size, 1);
  });

  it('has no day of another address', async (t) => {
    const { server, folder, told, fetch } = await arxivScene(t, madeRecords(6));
    const refusal =
      '<OAI-PMH><responseDate>2024-03-10T12:00:00Z</responseDate><error code="noRecordsMatch"/></OAI-PMH>';
    const wrong = await new SourceServer('/oai', says(refusal)).listen(t);
    await fetch({ url: wrong.url, until: '2024-03-05' });
    assert.deepEqual(told, []);
    const stop = new AbortController();
    await assert.rejects(fetch({ until: '2024-03-05', signal: stop.signal, onPage: () => stop.abort() }));
    assert.match(told.join('\n'), /was fetched from http.* before: all days are asked for at http.* again/);
    assert.deepEqual(await idsIn(folder), ids(2));
    await fetch({ url: `${server.url}/?`, until: '2024-03-05' });
    assert.deepEqual(await idsIn(folder), [...ids(2), ...ids(5)], 'nor a harvest under way');
  });

  it('keeps the day to begin with when others are fetched once', async (t) => {
    const { server, fetch } = await arxivScene(t, madeRecords(9));
    await fetch({ since: '2024-03-05' });
    await fetch({ since: '2010-01-01', until: '2010-12-31' });
    server.asked.length = 0;
    assert.equal((await fetch({ since: null })).since, '2024-03-05');
    assert.deepEqual(
      server.queries.map(({ from }) => from),
      ['2024-03-09'],
    );
  });
});
