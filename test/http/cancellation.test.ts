/** How far a deadline and a caller's leaving reach: to the scan of the vectors, and not over a defect. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { NearpaperError } from '../../src/errors.js';
import type { ServedCorpus } from '../../src/http/service.js';
import type { VectorIndex } from '../../src/vectors/vector-index.js';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { openSocket, write } from '../support/raw-http.js';
import { openServed, serveParts } from '../support/served-parts.js';
import { LEVELS, type LogLine } from '../support/service.js';
import { afterFile, type CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { large } from '../vectors/large.js';

const file = afterFile();
let corpus: ServedCorpus;
before(async () => {
  corpus = await openServed(file, await indexOf(file));
});

const SIMILAR = '/v1/papers/2401.00001/similar?exact=true';
const errors = (log: LogLine[]) => log.filter(({ level }) => level >= (LEVELS.error ?? 50));

/** The service over three papers and these vectors. */
async function serve(t: CleanUp, vectors: VectorIndex, deadlineMs = 60_000) {
  const { url, port, log } = await serveParts(t, { ...corpus, vectors }, { ...readConfig({}), deadlineMs });
  return { http: supertest(url), port, log };
}

/** The index, and how each of its searches ended. */
function watched(index: VectorIndex): { index: VectorIndex; began: () => number; ends: string[] } {
  const ends: string[] = [];
  let began = 0;
  const search: VectorIndex['search'] = async (...given) => {
    began++;
    try {
      const found = await index.search(...given);
      ends.push('found');
      return found;
    } catch (thrown) {
      ends.push(thrown instanceof NearpaperError ? thrown.code : String(thrown));
      throw thrown;
    }
  };
  const { engine, size, dimensions } = index;
  const vectors: VectorIndex['vectors'] = (labels) => index.vectors(labels);
  const similarities: VectorIndex['similarities'] = (vector, labels) => index.similarities(vector, labels);
  return {
    index: { engine, size, dimensions, search, vectors, similarities, close: () => index.close() },
    began: () => began,
    ends,
  };
}

/** The index, which searches again and again while it is told to: so callers can leave in the middle, on any machine. */
function repeated(index: VectorIndex, again: () => boolean): VectorIndex {
  const search: VectorIndex['search'] = async (...given) => {
    let found = await index.search(...given);
    while (again()) found = await index.search(...given);
    return found;
  };
  return { ...watched(index).index, search };
}

/** An engine with a defect, which shows once the search is stopped. */
function defective(): VectorIndex {
  const { index } = large();
  return {
    ...watched(index).index,
    search: (_vector, _k, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new TypeError('a defect of the engine')));
      }),
  };
}

async function hangUp(port: number, id: string, when: () => boolean): Promise<void> {
  const socket = await openSocket(port);
  await write(socket, `GET ${SIMILAR} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\n\r\n`);
  await until('the search has begun', when);
  socket.destroy();
}

describe('exact searches of many papers', () => {
  it('are refused at once when too many wait, and the others are answered', async (t) => {
    const { http, log } = await serve(t, large().index);
    const responses = await Promise.all(Array.from({ length: 150 }, () => http.get(SIMILAR)));
    const refused = responses.filter(({ status }) => status !== 200);
    assert.ok(responses.length - refused.length >= 20, `${refused.length} refused`);
    assert.ok(refused.length >= 1);
    for (const response of refused) {
      assertProblem(response, 'overloaded');
      assert.equal(response.headers['retry-after'], '1');
    }
    assert.equal((await http.get(SIMILAR)).status, 200);
    assert.deepEqual(errors(log), []);
  });

  it('end with the deadline', async (t) => {
    const { index, ends } = watched(large().index);
    const { http } = await serve(t, index, 1);
    assertProblem(await http.get(SIMILAR), 'deadline_exceeded');
    assert.deepEqual(ends, ['cancelled']);
  });

  it('end with their callers', async (t) => {
    let leaving = true;
    const { index, began, ends } = watched(repeated(large().index, () => leaving));
    const { http, port, log } = await serve(t, index);
    await Promise.all(Array.from({ length: 20 }, (_, i) => hangUp(port, `gone-${i}`, () => began() === 20)));
    await until('all have ended', () => ends.length === 20);
    leaving = false;
    assert.equal((await http.get(SIMILAR)).status, 200);
    assert.deepEqual(ends, [...Array.from({ length: 20 }, () => 'cancelled'), 'found']);
    assert.deepEqual(errors(log), []);
  });
});

describe('a defect that shows', () => {
  it('after the deadline is answered as one, and logged', async (t) => {
    const { http, log } = await serve(t, defective(), 1);
    assertProblem(await http.get(SIMILAR), 'internal');
    assert.ok(errors(log).some(({ err }) => err?.message === 'a defect of the engine'));
  });

  it('after the caller left is logged', async (t) => {
    const { index, began } = watched(defective());
    const { port, log } = await serve(t, index);
    await hangUp(port, 'gone', () => began() === 1);
    await until('the defect in the log', () =>
      errors(log).some(({ err }) => err?.message === 'a defect of the engine'),
    );
  });
});
