/** A service that takes up what is published without being told. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Follower } from '../src/follow.js';
import { SERVE_ENV, startCommand } from './support/command.js';
import { buildIndex, indexOf, THREE_PAPERS, writePapers } from './support/corpus.js';
import { LEVELS, type LogLine, serveIndex } from './support/service.js';
import { until } from './support/until.js';

const MORE = [...THREE_PAPERS, { id: 'new', title: 'A fourth paper', abstract: 'On rewards, once more.' }];
const ADMIN_KEY = 'an-admin-key-of-24-chars';
const errors = (log: LogLine[]) => log.filter(({ level }) => level >= (LEVELS.error ?? 50));
const saying = (log: LogLine[], text: string) => log.filter(({ msg }) => msg.includes(text));

async function publish(index: string, papers = MORE): Promise<string> {
  return (await buildIndex(index, [await writePapers(join(index, 'papers.jsonl'), papers)])).generation;
}

/** A follower whose looks are the test's own, of a CURRENT and a service that are the test's own. */
function following(t: TestContext, everyMs = 5000) {
  const state = { published: 'g1' as string | null | Error, served: 'g1', reloads: 0, works: true };
  const follower = new Follower({
    everyMs,
    published: async () => {
      if (state.published instanceof Error) throw state.published;
      return state.published;
    },
    served: () => state.served,
    reload: async () => {
      state.reloads++;
      if (!state.works || typeof state.published !== 'string') throw new Error('it cannot be opened');
      state.served = state.published;
    },
  });
  t.after(() => follower.close());
  /** The looks, of so many, that tried to take something up. */
  const tries = async (looks: number) => {
    const found: number[] = [];
    for (let look = 1; look <= looks; look++) {
      const before = state.reloads;
      await follower.look();
      if (state.reloads > before) found.push(look);
    }
    return found;
  };
  return { follower, state, tries };
}

describe('a look at what is published', () => {
  it('takes up another generation once, and is nothing while the same is published', async (t) => {
    const { state, tries } = following(t);
    assert.deepEqual(await tries(3), []);
    state.published = 'g2';
    assert.deepEqual(await tries(3), [1]);
    assert.equal(state.served, 'g2');
  });

  it('tries one that failed after ever more looks, at last every five minutes', async (t) => {
    const { state, tries } = following(t, 30_000);
    state.published = 'g2';
    state.works = false;
    assert.deepEqual(await tries(50), [1, 3, 7, 15, 25, 35, 45]);
    state.works = true;
    assert.deepEqual(await tries(20), [5]);
  });

  it('tries at once when another generation is published meanwhile', async (t) => {
    const { state, tries } = following(t);
    state.works = false;
    state.published = 'g2';
    assert.deepEqual(await tries(5), [1, 3]);
    state.published = 'g3';
    assert.deepEqual(await tries(2), [1]);
  });

  it('takes a CURRENT that is missing, or cannot be read, for a failure like any other', async (t) => {
    const { state, tries } = following(t);
    for (const published of [null, new Error('EIO')]) {
      state.published = published;
      assert.deepEqual(await tries(6), [1, 3]);
    }
    state.published = 'g1';
    assert.deepEqual(await tries(1), []);
    state.published = null;
    assert.deepEqual(await tries(1), [1]);
  });

  it('that is under way when the follower is closed reloads nothing', async (t) => {
    const { follower, state } = following(t);
    state.published = 'g2';
    const looking = follower.look();
    follower.close();
    await looking;
    assert.equal(state.reloads, 0);
  });
});

describe('a service that follows', () => {
  const generation = async (url: string): Promise<unknown> =>
    JSON.parse(await (await fetch(`${url}/v1/info`)).text()).generation;

  it('serves each generation that is published, and says so once', async (t) => {
    const index = await indexOf(t);
    const { url, log, http } = await serveIndex(t, index, { follow: 0.02 });
    for (const [i, papers] of [MORE, THREE_PAPERS.map((paper) => ({ ...paper, year: 2024 }))].entries()) {
      const published = await publish(index, [...papers]);
      await until('the new generation', async () => (await generation(url)) === published);
      assert.equal(saying(log, 'reload: ').length, i + 1);
    }
    assert.equal((await http.get('/v1/papers/new')).status, 200);
    assert.deepEqual(errors(log), []);
  });

  it('keeps what it has while CURRENT names nothing, and goes on when it names a generation again', async (t) => {
    const index = await indexOf(t);
    const { url, log, http } = await serveIndex(t, index, { follow: 0.02 });
    const before = await generation(url);
    await writeFile(join(index, 'CURRENT'), 'nonsense\n');
    await until('a line about it', () => errors(log).length > 0);
    assert.equal(errors(log)[0]?.code, 'index_damaged');
    assert.equal(await generation(url), before);
    await writeFile(join(index, 'CURRENT'), `${before}\n`);
    const published = await publish(index);
    await until('the new generation', async () => (await generation(url)) === published);
    assert.equal((await http.get('/readyz')).status, 200);
  });

  it('that writes its folder itself has nothing to follow, and says so', async (t) => {
    const index = await indexOf(t);
    const { log } = await serveIndex(t, index, { follow: 0.02, adminKey: ADMIN_KEY });
    assert.equal(saying(log, 'NEARPAPER_FOLLOW has nothing to follow').length, 1);
  });

  it('is asked for by --follow, with or without a number of seconds', async (t) => {
    const index = await indexOf(t);
    const flags = ['serve', '--index', index, '--follow'];
    const wrong = startCommand(t, [...flags, 'often'], { cwd: index, env: SERVE_ENV });
    assert.equal((await wrong.finished).code, 2);
    assert.match(wrong.stderr, /NEARPAPER_FOLLOW must be a whole number from 0 to 86400, not "often"/);
    // A flag wins over the variable, so the value that it has without a number can be used.
    const env = { ...SERVE_ENV, NEARPAPER_FOLLOW: 'often' };
    await startCommand(t, [...flags, '--port', '0'], { cwd: index, env }).ready();
    const service = startCommand(t, [...flags, '1'], { cwd: index, env: SERVE_ENV });
    await service.ready();
    const published = await publish(index);
    await service.shows(
      'stdout',
      new RegExp(`"generation":"${published}".*reload: serving the new generation`),
    );
    service.kill('SIGTERM');
    assert.equal((await service.finished).code, 0);
  });
});
