/** What may go wrong between here and a source. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { retryAfter } from '../../src/sources/polite-client.js';
import { spanOf } from '../../src/sources/span.js';
import { arxivScene, idsIn, pagesIn } from './fetching.js';
import { madeRecords } from './oai-server.js';
import {
  cut,
  fallSilent,
  hangUp,
  type Respond,
  redirect,
  SourceServer,
  says,
  status,
} from './source-server.js';

const IDS = madeRecords(4).map(({ id }) => id);

/** Fetches four records on two pages, the second of which first meets these faults. */
async function sceneWith(t: TestContext, faults: Respond[]) {
  const scene = await arxivScene(t, madeRecords(4));
  scene.server.faults = [undefined, ...faults];
  return scene;
}

describe('a fault that passes', () => {
  const faults: Record<string, [Respond, RegExp]> = {
    'HTTP 500': [status(500), /^arXiv: HTTP 500\. Try 2 of 6 in 2 s\.$/],
    'HTTP 502': [status(502), /HTTP 502/],
    'a cut connection': [cut, /the connection failed/],
    'a connection that is closed': [hangUp, /the connection failed/],
    'a page of HTML with status 200': [says('<!doctype html><html><body>Busy</body></html>'), /not OAI-PMH/],
    'an empty answer': [says(''), /not OAI-PMH/],
    'broken XML': [
      says('<OAI-PMH><responseDate>2024-03-10T12:00:00Z</responseDate><ListRecords><record>'),
      /not OAI-PMH/,
    ],
    'bytes that are no text': [says(Buffer.from([0x3c, 0xff, 0xfe, 0x80])), /not OAI-PMH/],
    'a truncated gzip': [
      says(gzipSync('<OAI-PMH><responseDate>2024-03-10T12:00:00Z</responseDate></OAI-PMH>').subarray(0, 30), {
        'Content-Encoding': 'gzip',
      }),
      /not OAI-PMH|the connection failed/,
    ],
  };
  for (const [name, [fault, line]] of Object.entries(faults)) {
    it(`${name} is told in a line and tried again`, async (t) => {
      const { folder, told, fetch } = await sceneWith(t, [fault]);
      await fetch();
      assert.deepEqual(await idsIn(folder), IDS);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', line);
    });
  }

  it('silence is given up after its time', async (t) => {
    const { folder, told, fetch } = await sceneWith(t, [fallSilent]);
    await fetch({ silenceMs: 200 });
    assert.deepEqual(await idsIn(folder), IDS);
    assert.match(told.join(), /no byte for 1 s/);
  });

  it('again and again is waited for longer each time, five times', async (t) => {
    const { clock, folder, server, fetch } = await sceneWith(t, Array(6).fill(status(503)));
    await assert.rejects(fetch(), {
      code: 'source_unreachable',
      message: /no usable answer \(HTTP 503; 6 tries\).*kept, and the same command goes on/,
    });
    // With the jitter of the test, each wait one and a half times the back-off; the interval counts from the answer.
    const ours = clock.waits.filter((ms) => ms !== 3000 && ms !== 1500);
    assert.deepEqual(ours, [6000, 12000, 24000]);
    assert.equal(
      clock.waits.reduce((sum, ms) => sum + ms),
      3000 + 3000 + 3000 + 6000 + 12000 + 24000,
    );
    server.faults = [];
    await fetch();
    assert.deepEqual(await idsIn(folder), IDS);
    assert.equal(server.queries.filter(({ from }) => from === '2024-03-01').length, 1);
  });
});

describe('Retry-After', () => {
  it('is waited for, and told', async (t) => {
    for (const [code, header] of [
      [503, '30'],
      [429, 'Sun, 10 Mar 2024 12:00:33 GMT'],
    ] as const) {
      const { clock, folder, told, fetch } = await sceneWith(t, [status(code, { 'Retry-After': header })]);
      await fetch();
      assert.deepEqual(await idsIn(folder), IDS);
      assert.deepEqual(clock.waits, [3000, 30_000]);
      assert.deepEqual(told, [`arXiv asks to wait 30 s (HTTP ${code}).`]);
    }
  });

  it('of more than ten minutes is not waited for', async (t) => {
    const { clock, fetch } = await sceneWith(t, [status(503, { 'Retry-After': '5400' })]);
    await assert.rejects(fetch(), {
      code: 'source_unreachable',
      message: /asks to wait 1 h 30 min: run the same command again then/,
    });
    assert.deepEqual(clock.waits, [3000]);
  });

  it('is seconds or a date of HTTP, and nothing else', () => {
    const now = Date.parse('2024-03-10T12:00:00Z');
    const meant: [string | null, number | null][] = [
      ['0', 0],
      [' 120 ', 120_000],
      ['Sun, 10 Mar 2024 12:01:00 GMT', 60_000],
      ['Sun, 10 Mar 2024 11:00:00 GMT', 0],
      ['soon', null],
      ['-5', null],
      ['1.5', null],
      ['', null],
      [null, null],
    ];
    for (const [value, ms] of meant) assert.equal(retryAfter(value, now), ms, String(value));
  });
});

describe('a source that cannot be reached', () => {
  it('is tried three times, and asked whether the machine is online', async (t) => {
    const { server, clock, told, fetch } = await arxivScene(t, madeRecords(4));
    await fetch({ until: '2024-03-01' });
    const { host } = new URL(server.origin);
    server.close();
    await assert.rejects(fetch(), {
      code: 'source_unreachable',
      message: new RegExp(
        `^Cannot reach ${host} \\(ECONNREFUSED\\): is this machine online\\? What was fetched is kept, and the same command goes on\\.$`,
      ),
    });
    assert.equal(told.length, 2);
    assert.deepEqual(clock.waits, [3000, 1500, 1500, 3000]);
  });
});

describe('redirects', () => {
  it('are followed, in turn', async (t) => {
    const { server, clock, folder, fetch } = await arxivScene(t, madeRecords(2));
    const moved = await new SourceServer('/old', (_request, response, { search }) => {
      response.writeHead(301, { Location: server.url + search }).end();
    }).listen(t);
    await fetch({ url: moved.url });
    assert.deepEqual(await idsIn(folder), IDS.slice(0, 2));
    assert.deepEqual(clock.waits, [3000]);
  });

  it('in a circle end after five', async (t) => {
    const { server, fetch } = await arxivScene(t, []);
    server.faults = Array(9).fill(redirect('/oai?again'));
    await assert.rejects(fetch(), { code: 'source_refused', message: /more than 5 times/ });
    assert.equal(server.asked.length, 6);
  });

  it('to what is no address, or leave HTTP, are refused', async (t) => {
    const { server, fetch } = await arxivScene(t, []);
    for (const [location, why] of [
      ['', /without an address/],
      ['ftp://example.org/', /not HTTPS/],
      ['file:///etc/passwd', /not HTTPS/],
    ] as const) {
      server.faults = [redirect(location)];
      await assert.rejects(fetch(), { code: 'source_refused', message: why });
    }
  });
});

describe('an answer of more than 64 MiB', () => {
  it('is refused, also when it comes packed', async (t) => {
    const { server, folder, fetch } = await arxivScene(t, []);
    const packed = gzipSync(Buffer.alloc(65 * 1024 * 1024, 0x20));
    server.faults = [says(packed, { 'Content-Encoding': 'gzip' })];
    await assert.rejects(fetch(), { code: 'source_refused', message: /more than 64 MiB/ });
    assert.equal((await pagesIn(join(folder, 'arxiv-cs.CL'))).size, 0);
  });
});

describe('a wait', () => {
  it('is told rounded up', () => {
    const told: [number, string][] = [
      [1, '1 s'],
      [30_000, '30 s'],
      [90_000, '90 s'],
      [600_000, '10 min'],
      [3_600_000, '1 h'],
      [5_400_000, '1 h 30 min'],
    ];
    for (const [ms, text] of told) assert.equal(spanOf(ms), text);
  });
});
