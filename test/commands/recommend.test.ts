/** `nearpaper recommend`, and the options that it shares with search and similar. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { runCommand } from '../support/command.js';
import { indexOf, type PaperRecord } from '../support/corpus.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();

/** Two subjects; `rewards-again` is `rewards` under another id. */
const REWARDS = 'We train language models with rewards from human feedback, by reinforcement learning.';
const PAPERS: readonly PaperRecord[] = [
  { id: 'rewards', title: 'Rewards for language models', abstract: REWARDS, published: '2023-05-01' },
  { id: 'rewards-again', title: 'Rewards for language models', abstract: REWARDS, published: '2024-02-01' },
  {
    id: 'preferences',
    title: 'Preferences instead of rewards',
    abstract: 'Language models learn from preferences of people, without reinforcement learning.',
    published: '2024-03-01',
    authors: ['Ada Lovelace'],
    categories: ['cs.LG'],
    venue: 'A Workshop',
  },
  {
    id: 'judges',
    title: 'Language models as judges',
    abstract: 'Language models give the feedback that reinforcement learning needs.',
    year: 2022,
    categories: ['cs.CL'],
  },
  {
    id: 'galaxies',
    title: 'Galaxies at high redshift',
    abstract: 'We measure the light of distant galaxies with an infrared telescope.',
    published: '2024-01-01',
    categories: ['astro-ph.GA'],
  },
  {
    id: 'stars',
    title: 'How stars form in galaxies',
    abstract: 'Gas in galaxies collapses to stars; a telescope shows the light of young ones.',
    categories: ['astro-ph.GA'],
  },
];

let index: string;
let served: TestService;
const run = (...args: string[]) => runCommand([...args, '--index', index], { cwd: index });
const withInput = (input: string, ...args: string[]) =>
  runCommand([...args, '--index', index], { cwd: index, input });

async function answerOf(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function idsOf(...args: string[]): Promise<string[]> {
  return (await answerOf(...args)).results.map(({ paper }: { paper: { id: string } }) => paper.id);
}

before(async () => {
  index = await indexOf(file, PAPERS);
  served = await serveIndex(file, index);
});

describe('nearpaper recommend', () => {
  it('answers from flags what the HTTP API answers to the same request', async () => {
    const flags = ['--positive', 'judges', '--positive-text', 'a telescope', '--negative', 'stars'];
    const options = ['--strategy', 'best_score', '--diversity', '.25', '--explain', '-n', '4', '--exact'];
    const printed = await answerOf('recommend', ...flags, '--negative-text', 'gas', ...options);
    const request = {
      positives: [{ id: 'judges' }, { text: 'a telescope' }],
      negatives: [{ id: 'stars' }, { text: 'gas' }],
      strategy: 'best_score',
      diversity: 0.25,
      explain: true,
      limit: 4,
      exact: true,
    };
    const { body } = await served.http.post('/v1/recommendations').send(request).expect(200);
    assert.ok(body.results.length > 1);
    assert.deepEqual(printed, body);
  });

  it('takes the body of a request with weights from a file or standard input', async () => {
    const request = JSON.stringify({
      positives: [{ id: 'judges', weight: 3 }, { text: 'light of galaxies' }],
      negatives: [{ id: 'stars', weight: 0.5 }],
      fields: ['title'],
      minSimilarity: 0.1,
    });
    const path = join(index, 'request.json');
    await writeFile(path, request);
    const { text } = await served.http
      .post('/v1/recommendations')
      .set('Content-Type', 'application/json')
      .send(request)
      .expect(200);
    assert.deepEqual(await answerOf('recommend', '--request', path), JSON.parse(text));
    const piped = await withInput(request, 'recommend', '--request', '-', '--json');
    assert.deepEqual(JSON.parse(piped.stdout), JSON.parse(text));
  });

  it('says what is wrong with a request, and exits 2; 1 for a file that cannot be read', async () => {
    const wrong: [request: string, says: RegExp][] = [
      ['{', /The request is not valid JSON: /],
      ['[]', /body must be a JSON object/],
      ['{}', /positives is missing; it must be a list of 1 to 500 seeds/],
      ['{"positives":[{"id":"rewards"}],"limt":3}', /no parameter "limt"\. Did you mean limit\? Accepted: /],
      ['{"positives":[{"id":"rewards","text":"x"}]}', /positives must be a list/],
      ['{"positives":[{"id":"rewards"}],"limit":"3"}', /limit must be a whole number from 1 to 100/],
      ['{"positives":[{"text":" "}]}', /positives\.0\.text is empty/],
      ['{"positives":[{"id":"rewards"}],"from":"2024","to":"2023"}', /from is later than to\./],
    ];
    for (const [request, says] of wrong) {
      const { code, stdout, stderr } = await withInput(request, 'recommend', '--request', '-');
      assert.match(stderr, says);
      assert.deepEqual([code, stdout], [2, ''], request);
    }
    const missing = await run('recommend', '--request', join(index, 'none.json'));
    assert.match(missing.stderr, /Cannot read .*none\.json: ENOENT/);
    assert.equal(missing.code, 1);
  });

  it('names ids that are not there, and fails only when no positive is', async () => {
    const some = await run('recommend', '--positive', 'rewards', '--positive', 'nothing');
    assert.match(
      some.stdout,
      /^Note: The corpus has no paper nothing\. `nearpaper papers` lists the ids\.$/m,
    );
    assert.equal(some.code, 0);
    const none = await run('recommend', '--positive', 'nothing', '--positive', 'nowhere');
    assert.match(none.stderr, /no paper "nothing", "nowhere"\. `nearpaper papers` lists the ids\.\n$/);
    assert.deepEqual([none.code, none.stdout], [1, '']);
  });

  it('names the nearest positive of each result when there are several, and not for one', async () => {
    const several = await run('recommend', '--positive', 'judges', '--positive-text', 'stars', '--explain');
    assert.match(several.stdout, /^ {12}nearest to judges \(0\.\d{3}\)$/m);
    assert.match(several.stdout, /^ {12}nearest to "stars" \(0\.\d{3}\)$/m);
    assert.doesNotMatch((await run('similar', 'judges', '--explain')).stdout, /nearest to/);
  });
});

describe('the options of queries', () => {
  it('filter, exclude and cut', async () => {
    const text = ['search', 'language models'];
    const cases: [args: string[], ids: string[]][] = [
      [['--from', '2024-02', '--to', '2024', '--exclude', 'rewards-again'], ['preferences']],
      [
        ['--category', 'astro-ph.*', '--category', 'cs.CL'],
        ['galaxies', 'judges', 'stars'],
      ],
      [['--venue', 'workshop'], ['preferences']],
      [['--author', 'lovelace'], ['preferences']],
      [
        ['--only', 'stars', '--only', 'judges'],
        ['judges', 'stars'],
      ],
      [['--only', 'stars', '--only', 'judges', '--min-similarity', '0.3'], ['judges']],
      [['-n', '1', '--only', 'judges', '--only', 'stars'], ['judges']],
    ];
    for (const [args, ids] of cases) {
      assert.deepEqual((await idsOf(...text, ...args)).toSorted(), ids, args.join(' '));
    }
    assert.deepEqual((await idsOf('similar', 'galaxies', '-n', '1')).toSorted(), ['stars']);
    assert.deepEqual(
      await idsOf('similar', 'galaxies', '--exclude', 'stars', '--category', 'astro-ph.GA'),
      [],
    );
  });

  it('choose what a text is compared by', async () => {
    for (const mode of ['hybrid', 'semantic', 'keyword']) {
      const q = 'telescope light';
      const { body } = await served.http.post('/v1/search').send({ q, mode }).expect(200);
      assert.deepEqual(await answerOf('search', q, '--mode', mode), body);
    }
    assert.deepEqual((await idsOf('search', 'telescope', '--mode', 'keyword')).toSorted(), [
      'galaxies',
      'stars',
    ]);
  });

  it('choose the fields that JSON has', async () => {
    const { results } = await answerOf(
      'similar',
      'galaxies',
      '-n',
      '1',
      '--fields',
      'title,year',
      '--fields',
      'doi',
    );
    const paper = { id: 'stars', title: 'How stars form in galaxies', year: null, doi: null };
    assert.deepEqual(results[0].paper, paper);
  });

  it('print copies, reasons and notes under what they belong to', async () => {
    const { code, stdout } = await run(
      'search',
      'rewards',
      'from',
      'human',
      'feedback',
      '--explain',
      '-n',
      '1',
    );
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.match(lines[0] ?? '', /^ {2}1 {2}0\.\d{3} {2}Rewards for language models$/);
    assert.match(
      lines[1] ?? '',
      /^ {12}(top [\d.]+ %|above every random pair) · 202\d-0\d-01 · rewards(-again)?$/,
    );
    assert.match(lines[2] ?? '', /^ {12}also rewards(-again)?$/);
    assert.match(lines[3] ?? '', /^ {12}shares .*\bhuman\b/);
    assert.equal(lines[4], `            > ${REWARDS}`);
  });

  it('say when nothing is left', async () => {
    const { code, stdout } = await run('search', 'young stars', '--author', 'Nobody');
    assert.equal(stdout, 'No paper found.\nNote: No paper of the corpus passes these filters.\n');
    assert.equal(code, 0);
  });
});
