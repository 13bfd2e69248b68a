/** Whatever a caller sends: an answer, or a problem that says what was wrong, and never a failure of ours. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { indexOf } from '../support/corpus.js';
import { type Answered, assertSomeProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
before(async () => {
  served = await serveIndex(file, await indexOf(file));
});

/** Sends through fetch, so that nothing of a client library decides what reaches the server. */
async function ask(path: string, init?: RequestInit): Promise<Answered> {
  const response = await fetch(`${served.url}${path}`, init);
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

function assertSound(response: Answered): void {
  assert.ok(response.status < 500, response.text);
  if (response.status >= 400) assertSomeProblem(response);
  else JSON.parse(response.text);
}

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const postSearch = (body: string) =>
  ask('/v1/search', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

describe('random requests', () => {
  it('any text as q by POST, lone surrogates included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (q) => {
        const response = await postSearch(JSON.stringify({ q }));
        assertSound(response);
        const fine = q.trim() !== '' && !q.includes('\0');
        assert.equal(response.status, fine ? 200 : 400);
      }),
      { numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }), async (units) => {
        assertSound(await postSearch(JSON.stringify({ q: String.fromCharCode(...units) })));
      }),
      { numRuns: 100 },
    );
  });

  it('any JSON as body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 3 }), async (body) => assertSound(await postSearch(body))),
      { numRuns: 100 },
    );
  });

  it('known parameters with any JSON value', async () => {
    const body = fc.record(
      {
        q: fc.oneof(fc.constant('x'), fc.jsonValue()),
        limit: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
        fields: fc.oneof(fc.array(fc.constantFrom('id', 'title', 'year', 'nope')), fc.jsonValue()),
        exact: fc.oneof(fc.boolean(), fc.jsonValue()),
        mode: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(body, async (values) => assertSound(await postSearch(JSON.stringify(values)))),
      { numRuns: 100 },
    );
  });

  it('any bytes as body, as any type', async () => {
    const type = fc.constantFrom(
      'application/json',
      'application/vnd.x+json',
      'text/plain',
      'a/b; charset=utf-16',
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), type, async (body, contentType) =>
        assertSound(
          await ask('/v1/search', {
            method: 'POST',
            headers: { 'Content-Type': contentType },
            body: Buffer.from(body),
          }),
        ),
      ),
      { numRuns: 100 },
    );
  });

  it('any query string on search, similar and the list', async () => {
    const path = fc.constantFrom(
      '/v1/search',
      '/v1/papers/arXiv:2401.00001/similar',
      '/v1/papers',
      '/v1/info',
    );
    const name = fc.oneof(fc.constantFrom('q', 'limit', 'fields', 'exact', 'cursor'), anyText);
    const parameters = fc.array(fc.tuple(name, anyText), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(path, parameters, async (route, pairs) => {
        assertSound(await ask(`${route}?${new URLSearchParams(pairs)}`));
      }),
      { numRuns: 150 },
    );
    const raw = fc.string({ unit: fc.constantFrom(...'q=&%+aF0;?/[]_'), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(path, raw, async (route, query) => assertSound(await ask(`${route}?${query}`))),
      { numRuns: 150 },
    );
  });

  it('any id, encoded or not', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.constantFrom('', '/similar'), async (id, rest) => {
        assertSound(await ask(`/v1/papers/${encodeURIComponent(id)}${rest}`));
      }),
      { numRuns: 100 },
    );
    const raw = fc.string({ unit: fc.constantFrom(...'a%2F0/.:~!$(),;@'), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(raw, async (id) => assertSound(await ask(`/v1/papers/${id}`))),
      { numRuns: 100 },
    );
  });
});
