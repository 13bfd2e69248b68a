/** What must hold after every restart: nothing lost, nothing half, and an index that agrees with the store. */
import assert from 'node:assert/strict';
import type { ExpectedPapers } from './expected.js';
import { idOf, type MadePaper, madePaper, stateOf, wordOf } from './made-papers.js';
import type { Reply, ServedProcess } from './served-process.js';

/** Papers of which the index is asked after each restart. */
const SAMPLE = 6;
const GONE_SAMPLE = 3;
/** Enough for every paper: the campaign's corpus is smaller than the pool of candidates. */
const LIMIT = 10;

/** One paper's last edition before this one; its word must be found no more. */
const EDITION = /(\d+)\.(\d+)$/;

/**
 * Reads every paper that was ever written and settles what was open; then asks the index about some of them. `editions`:
 * of each paper the last one that was sent. Errors: an AssertionError that names the paper.
 */
export async function checkAll(
  server: ServedProcess,
  { papers, editions, random }: { papers: ExpectedPapers; editions: readonly number[]; random: () => number },
): Promise<void> {
  const there: MadePaper[] = [];
  const gone = new Set<string>();
  for (const [id, states] of [...papers.allowed()]) {
    const reply = await server.ask('GET', `/v1/papers/${encodeURIComponent(id)}`);
    const found = paperOf(reply, id);
    const wrong = papers.settle(id, found === null ? null : stateOf(found));
    if (wrong !== null)
      assert.fail(`${id} is ${wrong}: found ${reply.status} ${reply.text}, allowed ${states.join(' or ')}`);
    if (found === null) gone.add(id);
    else there.push(found);
  }
  const info = await get(server, '/v1/info');
  assert.equal(info.papers, there.length, '/v1/info counts other papers than there are');
  await checkList(server, there);
  for (const paper of sampleOf(there, SAMPLE, random)) await checkIndexed(server, paper, gone);
  const written = editions.flatMap((edition, paper) => (gone.has(idOf(paper)) && edition > 0 ? [paper] : []));
  for (const paper of sampleOf(written, GONE_SAMPLE, random))
    await checkGone(server, madePaper(paper, editions[paper] ?? 1));
}

/** The paper in a reply; null when there is none. */
function paperOf({ status, text, body }: Reply, id: string): MadePaper | null {
  if (status === 404) return null;
  assert.equal(status, 200, `GET ${id}: ${status} ${text}`);
  return body as MadePaper;
}

async function checkList(server: ServedProcess, there: readonly MadePaper[]): Promise<void> {
  const { papers, next } = await get(server, '/v1/papers?limit=100');
  const rest = next === null ? { papers: [] } : await get(server, `/v1/papers?limit=100&cursor=${next}`);
  const listed = [...papers, ...rest.papers].map(({ id }: MadePaper) => id);
  const expected = there.map(({ id }) => id);
  assert.deepEqual(listed.sort(), expected.sort(), 'the list of papers is another');
}

/** Its own words find it, words of the edition before do not, and both kinds of search agree on its neighbours. */
async function checkIndexed(
  server: ServedProcess,
  paper: MadePaper,
  gone: ReadonlySet<string>,
): Promise<void> {
  const { id, title } = paper;
  const [number, edition] = editionOf(paper);
  const search = (q: string, mode: string) =>
    idsOf(server, `/v1/search?limit=${LIMIT}&mode=${mode}&q=${encodeURIComponent(q)}`);
  assert.deepEqual(
    await search(wordOf(number, edition), 'keyword'),
    [id],
    `the word of ${title} finds other papers`,
  );
  if (edition > 1)
    assert.deepEqual(await search(wordOf(number, edition - 1), 'keyword'), [], `${id} is found by old words`);
  assert.equal((await search(title, 'hybrid'))[0], id, `the title ${title} finds another paper first`);
  assert.ok((await search(title, 'semantic')).includes(id), `${id} is not near its own title, ${title}`);
  const similar = `/v1/papers/${encodeURIComponent(id)}/similar?limit=${LIMIT}`;
  const near = await idsOf(server, similar);
  const nearest = await idsOf(server, `${similar}&exact=true`);
  assert.deepEqual(
    near.filter((other) => gone.has(other)),
    [],
    `removed papers are similar to ${id}`,
  );
  const shared = near.filter((other) => nearest.includes(other)).length;
  assert.ok(
    shared >= nearest.length - 1,
    `exact search finds other papers near ${id}: ${near} and ${nearest}`,
  );
}

/** Neither its words nor its meaning find it, whatever edition was the last. */
async function checkGone(server: ServedProcess, paper: MadePaper): Promise<void> {
  const { id, title } = paper;
  const reply = await server.ask('GET', `/v1/papers/${encodeURIComponent(id)}/similar`);
  assert.equal(reply.status, 404, `${id} is gone and has similar papers`);
  const [number, edition] = editionOf(paper);
  for (const old of [edition, edition - 1]) {
    const found = await idsOf(server, `/v1/search?mode=keyword&q=${wordOf(number, old)}`);
    assert.deepEqual(found, [], `words of ${id}, which is gone, find papers`);
  }
  for (const mode of ['semantic', 'hybrid']) {
    const found = await idsOf(server, `/v1/search?mode=${mode}&q=${encodeURIComponent(title)}`);
    assert.ok(!found.includes(id), `${id} is gone and is found by its title`);
  }
}

export function editionOf({ title }: MadePaper): [paper: number, edition: number] {
  const [, paper, edition] = EDITION.exec(title) ?? [];
  const found: [number, number] = [Number(paper), Number(edition)];
  assert.equal(madePaper(...found).title, title);
  return found;
}

async function idsOf(server: ServedProcess, path: string): Promise<string[]> {
  const { results } = await get(server, path);
  return results.map(({ paper }: { paper: { id: string } }) => paper.id);
}

/** JSON as it comes: what is read of it is compared at once. */
async function get(server: ServedProcess, path: string) {
  const { status, text } = await server.ask('GET', path);
  assert.equal(status, 200, `GET ${path}: ${status} ${text}`);
  return JSON.parse(text);
}

function sampleOf<T>(all: readonly T[], count: number, random: () => number): T[] {
  const rest = [...all];
  const taken: T[] = [];
  while (taken.length < count && rest.length > 0)
    taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return taken;
}
