/** Similar papers, recommendations and search over HTTP: shape, sameness of GET and POST, what is refused. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SEARCH_MODES } from '../../src/recommend/mode.js';
import { STRATEGIES } from '../../src/recommend/recommend.js';
import { VARIED_PAPERS } from '../recommend/varied-papers.js';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
const SIZE = VARIED_PAPERS.length;
let served: TestService;

before(async () => {
  served = await serveIndex(file, await indexOf(file, VARIED_PAPERS));
});

interface ResultBody {
  paper: { id: string; title: string };
  similarity: number;
  score: number;
  percentile: number;
  reasons?: object;
  also: string[];
}
interface AnswerBody {
  results: ResultBody[];
  noGoodMatch: boolean;
  warnings: { code: string; ids?: string[] }[];
  index: { generation: string; size: number; model: string; exact: boolean };
}

const similarTo = async (id: string, query = ''): Promise<AnswerBody> =>
  (await served.http.get(`/v1/papers/${encodeURIComponent(id)}/similar${query}`).expect(200)).body;
const recommend = (body: object) => served.http.post('/v1/recommendations').send(body);
const searchFor = async (body: object): Promise<AnswerBody> =>
  (await served.http.post('/v1/search').send(body).expect(200)).body;

function assertShape(answer: AnswerBody, explained: boolean): void {
  assert.deepEqual(Object.keys(answer), ['results', 'noGoodMatch', 'warnings', 'index']);
  assert.equal(answer.results.length, 10);
  for (const [i, result] of answer.results.entries()) {
    const keys = ['paper', 'similarity', 'score', 'percentile', ...(explained ? ['reasons'] : []), 'also'];
    assert.deepEqual(Object.keys(result), keys);
    assert.deepEqual(Object.keys(result.paper), ['id', 'title', 'authors', 'published', 'venue', 'url']);
    assert.ok(result.similarity >= -1 && result.similarity <= 1);
    assert.ok(result.percentile >= 0 && result.percentile <= 100);
    assert.ok(result.score >= (answer.results[i + 1]?.score ?? -2));
  }
  assert.match(answer.index.generation, /^g\d{6}-[0-9a-f]{8}$/);
  assert.deepEqual(
    [answer.index.size, answer.index.model, answer.index.exact],
    [SIZE, 'all-MiniLM-L6-v2', true],
  );
}

describe('papers similar to a paper', () => {
  it('come in the documented shape, best first', async () => {
    for (const mode of SEARCH_MODES) {
      assertShape(await similarTo('v0', `?mode=${mode}`), false);
      assertShape(await similarTo('v0', `?mode=${mode}&explain=true`), true);
    }
  });

  it('are compared by meaning and words, or as `mode` says by one of them', async () => {
    const orders: Record<string, string[][]> = { hybrid: [], semantic: [], keyword: [] };
    for (const { id } of VARIED_PAPERS.slice(0, 8)) {
      const similarities = new Map<string, number>();
      for (const mode of ['semantic', 'hybrid', 'keyword']) {
        const { results } = await similarTo(id, `?mode=${mode}&limit=100`);
        orders[mode]?.push(results.map(({ paper }) => paper.id));
        for (const { paper, similarity, score } of results) {
          if (mode === 'semantic') assert.equal(score, similarity);
          // Whatever the order is by, the similarity of two papers is the same.
          assert.equal(similarity, similarities.get(paper.id) ?? similarity);
          similarities.set(paper.id, similarity);
        }
      }
    }
    assert.notDeepEqual(orders.hybrid, orders.semantic);
    assert.notDeepEqual(orders.keyword, orders.semantic);
    assert.notDeepEqual(orders.keyword, orders.hybrid);
    assert.deepEqual(await similarTo('v7'), await similarTo('v7', '?mode=hybrid'));
  });

  it('refuse an unknown mode, saying which there are', async () => {
    const refused = assertProblem(
      await served.http.get('/v1/papers/v0/similar?mode=lexical'),
      'invalid_request',
    );
    assert.deepEqual([refused.field, refused.accepted], ['mode', 'one of hybrid, semantic, keyword']);
  });

  it('are those of a recommendation with one positive, whatever its weight and the strategy', async () => {
    const similar = await similarTo('v4', '?explain=true&diversity=.2&minSimilarity=.1');
    for (const strategy of STRATEGIES) {
      for (const weight of [1, 3]) {
        const positives = [{ id: 'v4', weight }];
        const asked = { positives, strategy, explain: true, diversity: 0.2, minSimilarity: 0.1 };
        assert.deepEqual((await recommend(asked).expect(200)).body, similar);
      }
    }
  });

  it('never include the paper itself, and are all the others at the largest limit', async () => {
    for (const { id } of VARIED_PAPERS.slice(0, 6)) {
      const found = (await similarTo(id, '?limit=100')).results.flatMap(({ paper, also }) => [
        paper.id,
        ...also,
      ]);
      const others = VARIED_PAPERS.map((paper) => paper.id).filter((other) => other !== id);
      assert.deepEqual(found.toSorted(), others.toSorted());
    }
  });

  it('are as similar one way as the other', async () => {
    const similarity = async (from: string, to: string) =>
      (await similarTo(from, '?limit=100')).results.find(({ paper }) => paper.id === to)?.similarity;
    assert.equal(await similarity('v0', 'v1'), await similarity('v1', 'v0'));
  });

  it('are the same with exact=true on a corpus this small', async () => {
    assert.deepEqual(await similarTo('v3', '?exact=true'), await similarTo('v3'));
  });
});

describe('recommendations', () => {
  it('come in the documented shape, with reasons where they are asked for', async () => {
    const asked = { positives: [{ id: 'v0' }, { text: 'sheep', weight: 2 }], negatives: [{ id: 'v1' }] };
    for (const strategy of ['average', 'best_score']) {
      assertShape((await recommend({ ...asked, strategy }).expect(200)).body, false);
      const { body } = await recommend({ ...asked, strategy, explain: true }).expect(200);
      assertShape(body, true);
      for (const { reasons } of body.results) {
        assert.deepEqual(Object.keys(reasons), ['nearestSeed', 'terms', 'sentence']);
        assert.ok(reasons.nearestSeed.id === 'v0' || reasons.nearestSeed.text === 'sheep');
      }
    }
  });

  it('are the same bytes by GET and by POST, whatever the parameters', async () => {
    const PAIRS: [query: string, body: object][] = [
      ['positive=v0', { positives: [{ id: 'v0' }] }],
      [
        'positive=v0&positive=v5&negative=v1&strategy=average&limit=7&explain=true&fields=title,year',
        {
          positives: [{ id: 'v0' }, { id: 'v5' }],
          negatives: [{ id: 'v1' }],
          strategy: 'average',
          limit: 7,
          explain: true,
          fields: ['title', 'year'],
        },
      ],
      [
        'positive=v0&positive=x&from=2020&to=2021-06&category=cs.*,q-bio&diversity=0.4&exact=true&minSimilarity=.1',
        {
          positives: [{ id: 'v0' }, { id: 'x', weight: 3 }],
          from: '2020-01-01',
          to: '2021-06',
          category: ['cs.*', 'q-bio'],
          diversity: 0.4,
          exact: true,
          minSimilarity: 0.1,
        },
      ],
      [
        'positive=v2&exclude=v3&exclude=v4&ids=v3&ids=v6&ids=v7&author=lovelace&venue=tests',
        {
          positives: [{ id: 'v2' }],
          exclude: ['v3', 'v4'],
          ids: ['v3', 'v6', 'v7'],
          author: 'lovelace',
          venue: 'tests',
        },
      ],
    ];
    for (const [query, body] of PAIRS) {
      const got = await served.http.get(`/v1/recommendations?${query}`).expect(200);
      const posted = await recommend(body).expect(200);
      assert.equal(got.text, posted.text, query);
      assert.equal(got.headers['content-type'], posted.headers['content-type']);
    }
  });

  it('are the same for the order of seeds and the scale of weights', async () => {
    const seeds = [{ id: 'v0' }, { id: 'v5', weight: 2 }, { text: 'galaxies' }];
    const negatives = [{ id: 'v9', weight: 1 }, { text: 'sorting' }];
    for (const strategy of ['average', 'best_score']) {
      const { text } = await recommend({ positives: seeds, negatives, strategy, explain: true });
      const turned = await recommend({
        positives: seeds.toReversed(),
        negatives: negatives.toReversed(),
        strategy,
        explain: true,
      });
      assert.equal(turned.text, text);
      const heavier = (list: readonly { id?: string; text?: string; weight?: number }[]) =>
        list.map((seed) => ({ ...seed, weight: 4 * (seed.weight ?? 1) }));
      const scaled = await recommend({
        positives: heavier(seeds),
        negatives: heavier(negatives),
        strategy,
        explain: true,
      });
      assert.equal(scaled.text, text);
    }
  });

  it('follow what is liked and leave what is not', async () => {
    const found = async (body: object): Promise<string[]> =>
      (await recommend({ limit: 4, ...body }).expect(200)).body.results.map(
        ({ paper }: ResultBody) => paper.title,
      );
    const positives = [{ text: 'far away galaxies' }, { text: 'counting sheep' }];
    const both = await found({ positives, limit: 8 });
    assert.ok(both.some((title) => /Galaxies/.test(title)) && both.some((title) => /Sheep/.test(title)));
    for (const strategy of ['average', 'best_score']) {
      const none = await found({ positives, negatives: [{ text: 'sheep in the Alps' }], strategy });
      assert.match(none[0] ?? '', /Galaxies/);
    }
  });

  it('name the seeds that are unknown, and are refused when no positive is known', async () => {
    const { body } = await recommend({ positives: [{ id: 'v0' }, { id: 'x' }] }).expect(200);
    assert.deepEqual(body.warnings[0].ids, ['x']);
    const refused = assertProblem(
      await served.http.get('/v1/recommendations?positive=x&positive=y&negative=v1'),
      'unknown_paper',
    );
    assert.deepEqual(refused.ids, ['x', 'y']);
  });

  const REFUSED: [body: object, field: RegExp][] = [
    [{}, /^positives$/],
    [{ positives: [] }, /^positives$/],
    [{ positives: [{}] }, /^positives\.0/],
    [{ positives: [{ id: 'v0', text: 'both' }] }, /^positives\.0/],
    [{ positives: [{ id: 'v0', weight: 0 }] }, /^positives\.0\.weight/],
    [{ positives: [{ id: 'v0', weight: -1 }] }, /^positives\.0\.weight/],
    [{ positives: [{ id: 'v0', weight: 1001 }] }, /^positives\.0\.weight/],
    [{ positives: [{ text: '' }] }, /^positives\.0\.text/],
    [{ positives: [{ id: 'v0' }], negatives: [{ text: ' ' }] }, /^negatives\.0\.text/],
    [{ positives: Array(501).fill({ id: 'v0' }) }, /^positives/],
    [{ positives: Array(400).fill({ id: 'v0' }), negatives: Array(101).fill({ id: 'v0' }) }, /^positives/],
    [{ positives: [{ id: 'v0' }], strategy: 'best' }, /^strategy/],
    [{ positives: ['v0'] }, /^positives\.0/],
  ];
  it('are refused with the field and what would be accepted', async () => {
    for (const [body, field] of REFUSED) {
      const problem = assertProblem(await recommend(body), 'invalid_request');
      assert.match(String(problem.field), field, JSON.stringify(body).slice(0, 60));
      assert.ok(problem.accepted);
    }
    assertProblem(await served.http.get('/v1/recommendations'), 'invalid_request');
    assert.match(
      assertProblem(await recommend({ positives: [{ id: 'v0', wieght: 2 }] }), 'unknown_parameter').detail,
      /weight/,
    );
  });
});

describe('a text search', () => {
  it('comes in the documented shape in every mode', async () => {
    for (const mode of ['hybrid', 'semantic', 'keyword']) {
      assertShape(await searchFor({ q: 'study of language models', mode }), false);
      assertShape(await searchFor({ q: 'study of language models', mode, explain: true }), true);
    }
    assert.deepEqual(await searchFor({ q: 'agents' }), await searchFor({ q: 'agents', mode: 'hybrid' }));
  });

  it('gives GET and POST the same bytes', async () => {
    const PAIRS: [query: string, body: object][] = [
      ['q=agents', { q: 'agents' }],
      [
        'q=reasoning+%26+planning+with+50+%25+fewer+tokens+%2B+tools&limit=7&fields=title&fields=year&exact=true',
        {
          q: 'reasoning & planning with 50 % fewer tokens + tools',
          limit: 7,
          fields: ['title', 'year'],
          exact: true,
        },
      ],
      [
        'q=%22language+agents%22&mode=keyword&explain=true',
        { q: '"language agents"', mode: 'keyword', explain: true },
      ],
      [
        'q=v3&category=cs.*&diversity=1&exclude=v4&from=2020&minSimilarity=-1',
        { q: 'v3', category: ['cs.*'], diversity: 1, exclude: ['v4'], from: '2020', minSimilarity: -1 },
      ],
      [
        'q=sheep&mode=semantic&author=turing&limit=100',
        { q: 'sheep', mode: 'semantic', author: 'turing', limit: 100 },
      ],
    ];
    for (const [query, body] of PAIRS) {
      const got = await served.http.get(`/v1/search?${query}`).expect(200);
      const posted = await served.http.post('/v1/search').send(body).expect(200);
      assert.equal(got.text, posted.text, query);
      assert.equal(got.headers['content-type'], posted.headers['content-type']);
      assert.ok(got.body.results.length > 0);
    }
  });

  it('answers the same request with the same bytes, whatever else runs', async () => {
    const q = 'galaxies of sheep';
    const first = await served.http.post('/v1/search').send({ q });
    const crowd = VARIED_PAPERS.slice(0, 8).map(({ title }) => searchFor({ q: `${title} again` }));
    const again = await Promise.all([1, 2, 3].map(() => served.http.post('/v1/search').send({ q })));
    await Promise.all(crowd);
    for (const { text } of again) assert.equal(text, first.text);
  });

  it('for a limit of n is the beginning of that for n + 1, and exact=true changes nothing here', async () => {
    const q = 'networks that plan';
    const all = (await searchFor({ q, limit: 100 })).results;
    assert.equal(all.length, SIZE);
    for (const limit of [1, 2, 9, 10, 11, SIZE - 1, SIZE, SIZE + 1]) {
      assert.deepEqual((await searchFor({ q, limit })).results, all.slice(0, limit));
      assert.deepEqual((await searchFor({ q, limit, exact: true })).results, all.slice(0, limit));
    }
  });

  it('takes any script, emoji and a single letter', async () => {
    for (const q of ['大规模语言模型的推理', 'обучение с подкреплением', '🙂', 'x', '?!', 'تعلم الآلة']) {
      assert.equal((await searchFor({ q })).results.length, 10, q);
    }
  });

  it("warns when a text is longer than the model's window, and not before", async () => {
    assert.deepEqual((await searchFor({ q: 'attention' })).warnings, []);
    const { warnings } = await searchFor({ q: 'attention is all you need '.repeat(120) });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['text_truncated'],
    );
  });

  it('for an id by any of its names is answered as that paper, first, and says so', async () => {
    const answer = await searchFor({ q: ' v7 ' });
    assert.deepEqual(
      [answer.results[0]?.paper.id, answer.warnings[0]?.code, answer.warnings[0]?.ids],
      ['v7', 'read_as_id', ['v7']],
    );
  });
});
