/**
 * Requests made at random from the served OpenAPI document, against a real service over the sample corpus that may be
 * written to. Whatever is asked: no failure of ours, and no answer that the document does not announce.
 *
 * FUZZ_REQUESTS=10000 FUZZ_SEED=1 node --test dist/test/http/fuzz.test.js
 */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { describe, it } from 'node:test';
import { sampleIndex } from '../support/corpus.js';
import type { Answered } from '../support/problems.js';
import { LEVELS, serveIndex, type TestService } from '../support/service.js';
import { Contract, type Place } from './openapi-document.js';
import { type GeneratedRequest, Random, RequestGenerator } from './request-generator.js';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 20_240_531);

const ADMIN_KEY = 'the-admin-key-of-the-fuzz-run';
const AUTHORIZATIONS = [
  `Bearer ${ADMIN_KEY}`,
  `bearer ${ADMIN_KEY}`,
  undefined,
  'Bearer wrong',
  'Basic eDp5',
  '',
];
/** Each has a child process build a generation, so that few suffice. */
const HEAVY: ReadonlySet<string> = new Set(['/v1/admin/rebuild', '/v1/admin/reembed']);
const HEAVY_PERCENT = 5;

/** The failures of ours that are documented: a service that has too much to do, or is not there yet. */
const ALLOWED_503: ReadonlySet<string> = new Set(['overloaded', 'not_ready', 'deadline_exceeded']);

const agent = new Agent({ keepAlive: true });

/** Sends it as it is: fetch would mend addresses, and lets no GET have a body. */
function send(port: number, { method, path, headers, body }: GeneratedRequest): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
      response.on('error', reject);
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** The operation that a request met: not that which it was made for where its method is another. */
function placeOf(
  places: readonly Place[],
  made: Place,
  { method, onPath }: GeneratedRequest,
): Place | undefined {
  if (!onPath) return undefined;
  return places.find((place) => place.path === made.path && place.method.toUpperCase() === method);
}

function assertSound(contract: Contract, place: Place | undefined, answer: Answered): void {
  if (answer.status >= 500) {
    assert.equal(answer.status, 503);
    assert.ok(ALLOWED_503.has(JSON.parse(answer.text).code), answer.text);
  }
  // Off the document's paths, or by another method, it may be anything but a failure of ours.
  if (place === undefined) assert.ok(answer.status < 500);
  else contract.assertAnswer(place, answer);
}

async function knownIds(served: TestService): Promise<string[]> {
  const { body } = await served.http.get('/v1/papers?limit=100&fields=id').expect(200);
  return body.papers.map(({ id }: { id: string }) => id);
}

describe('requests made from the OpenAPI document', () => {
  it(`are all answered as it says: ${REQUESTS} of them, seed ${SEED}`, async (t) => {
    const served = await serveIndex(t, await sampleIndex(t), { adminKey: ADMIN_KEY });
    t.after(() => agent.destroy());
    const contract = new Contract((await served.http.get('/openapi.json').expect(200)).body);
    const random = new Random(SEED);
    const generator = new RequestGenerator(random, contract, await knownIds(served), AUTHORIZATIONS);
    const places = contract.operations;
    const counts = new Map<string, number>();
    const wrong = new Map<string, string>();
    for (let i = 0; i < REQUESTS; ) {
      const made = random.pick(places);
      if (HEAVY.has(made.path) && !random.chance(HEAVY_PERCENT)) continue;
      i++;
      const asked = generator.requestTo(made);
      const what = `request ${i}: ${asked.method} ${asked.path} ${JSON.stringify(asked.headers)} ${asked.body ?? ''}`;
      try {
        const answer = await send(served.port, asked);
        assertSound(contract, placeOf(places, made, asked), answer);
        counts.set(String(answer.status), (counts.get(String(answer.status)) ?? 0) + 1);
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        // Of the same failure one is enough.
        wrong.set(
          `${made.method} ${made.path}: ${why.slice(0, 60)}`,
          `${what.slice(0, 2000)}\n  ${why.slice(0, 2000)}`,
        );
      }
    }
    const sorted = [...counts].sort(([a], [b]) => a.localeCompare(b));
    t.diagnostic(sorted.map(([status, count]) => `${status}: ${count}`).join(', '));
    assert.equal(wrong.size, 0, [...wrong.values()].join('\n'));
    // It would prove little if all were refused, or none.
    for (const status of ['200', '400', '401', '404'])
      assert.ok((counts.get(status) ?? 0) > REQUESTS / 100, status);
    const failures = served.log.filter(({ level }) => level >= (LEVELS.error ?? 50));
    assert.deepEqual(failures, []);
  });
});
