/**
 * Requests that work on the sample corpus, for each operation: those that are answered, and those that are refused.
 * Their answers are in recorded.ts, which test/http/record-examples.ts writes.
 */
import type { ErrorCode } from '../../errors.js';
import { NOTES, SAMPLE, WRITE_NOTES } from './notes.js';

export interface ExampleRequest {
  /** For people. */
  summary: string;
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  /** Of the answer, where it is not the first of the operation. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** JSON, or a text that is sent as it is. */
  body?: unknown;
}

export interface Examples {
  answered: Readonly<Record<string, ExampleRequest>>;
  /** Of the codes that this operation meets in a way of its own. */
  refused: Readonly<Partial<Record<ErrorCode, ExampleRequest>>>;
}

const get = (summary: string, path: string): ExampleRequest => ({ summary, method: 'get', path });
const post = (summary: string, path: string, body: unknown): ExampleRequest => ({
  summary,
  method: 'post',
  path,
  body,
});

/** The key of the service that these requests are sent to. */
export const EXAMPLE_KEY = 'an-admin-key-of-yours';
const authorised = { Authorization: `Bearer ${EXAMPLE_KEY}` };

const admin = (
  summary: string,
  method: ExampleRequest['method'],
  path: string,
  { headers = {}, ...rest }: Pick<ExampleRequest, 'headers' | 'body' | 'status'> = {},
): ExampleRequest => ({ summary, method, path, headers: { ...authorised, ...headers }, ...rest });

/** Sent in this order: made, left as it is, and at last removed. */
const made = '/v1/papers/arXiv%3A2401.00001v2';
const record = Object.fromEntries(
  (['title', 'abstract', 'authors', 'published', 'categories'] as const).map((name) => [
    name,
    WRITE_NOTES[name].example,
  ]),
);
const other = { 'If-Match': '"another-version"' };

const paper = `/v1/papers/${SAMPLE.longContext}`;

export const EXAMPLES = {
  similarPapers: {
    answered: {
      nearest: get('The two nearest papers', `${paper}/similar?limit=2`),
      explained: get('With reasons', `${paper}/similar?limit=1&fields=title&explain=true`),
      filtered: get(
        'Filters that no paper passes: the sample papers have no dates',
        `${paper}/similar?from=2024&fields=id,title`,
      ),
    },
    refused: {
      invalid_request: get('A limit that is no number', `${paper}/similar?limit=many`),
      unknown_parameter: get('A parameter with a typing error', `${paper}/similar?limt=2`),
      unknown_paper: get('An id that the corpus does not have', '/v1/papers/arXiv:2401.99999/similar'),
    },
  },
  searchByUrl: {
    answered: {
      question: get('A question', '/v1/search?q=agents+that+use+a+browser&limit=2'),
      phrase: get(
        'Words in quotes, which must stand in the paper as they are',
        '/v1/search?q=%22nash+equilibrium%22&mode=keyword&limit=2&fields=title',
      ),
      offTopic: get(
        'A text that no paper of the corpus is about',
        '/v1/search?q=slow-cooked+lamb+with+rosemary+and+potatoes&limit=1&fields=title',
      ),
    },
    refused: {
      invalid_request: get('No text', '/v1/search?q='),
      unknown_parameter: get('A parameter with a typing error', '/v1/search?q=agents&limt=2'),
      invalid_text: get('A NUL character', '/v1/search?q=agents%00'),
    },
  },
  search: {
    answered: {
      question: post('A question', '/v1/search', {
        q: NOTES.q.example,
        limit: 2,
        exclude: [SAMPLE.browserAgents],
      }),
      id: post('The id of a paper as text', '/v1/search', { q: SAMPLE.nash, limit: 2, fields: ['title'] }),
    },
    refused: {
      invalid_request: post('Two problems at once', '/v1/search', { q: 'agents', limit: 0, diversity: 2 }),
      unknown_parameter: post('A parameter with a typing error', '/v1/search', {
        q: 'agents',
        mod: 'keyword',
      }),
      invalid_text: post('A NUL character', '/v1/search', { q: 'agents\0' }),
    },
  },
  recommendByUrl: {
    answered: {
      likes: get(
        'Two papers liked, one disliked',
        `/v1/recommendations?positive=${SAMPLE.selfPlay}&positive=${SAMPLE.ranking}&negative=${SAMPLE.browserAgents}&limit=2`,
      ),
    },
    refused: {
      invalid_request: get('No positive', '/v1/recommendations?limit=2'),
      unknown_parameter: get('The name of the POST form', `/v1/recommendations?positives=${SAMPLE.nash}`),
      unknown_paper: get(
        'Positives that the corpus does not have',
        '/v1/recommendations?positive=arXiv:2401.99999&positive=arXiv:2401.99998',
      ),
    },
  },
  recommend: {
    answered: {
      mixed: post('A paper and a text liked, a paper disliked, with reasons', '/v1/recommendations', {
        positives: NOTES.positives.example,
        negatives: NOTES.negatives.example,
        limit: 2,
        fields: ['title'],
        explain: true,
      }),
      partlyUnknown: post('A positive that the corpus does not have', '/v1/recommendations', {
        positives: [{ id: SAMPLE.nash }, { id: 'arXiv:2401.99999' }],
        limit: 1,
        fields: ['title'],
      }),
    },
    refused: {
      invalid_request: post('A weight that is not above 0', '/v1/recommendations', {
        positives: [{ id: SAMPLE.nash, weight: 0 }],
      }),
      unknown_parameter: post('A seed with a typing error', '/v1/recommendations', {
        positives: [{ id: SAMPLE.nash, wieght: 2 }],
      }),
      invalid_text: post('A NUL character', '/v1/recommendations', { positives: [{ text: 'agents\0' }] }),
      unknown_paper: post('No positive that the corpus has', '/v1/recommendations', {
        positives: [{ id: 'arXiv:2401.99999' }],
      }),
    },
  },
  batch: {
    answered: {
      threeKinds: post('One of each kind', '/v1/batch', { requests: NOTES.requests.example }),
      partlyRefused: post('The first is answered, the second refused', '/v1/batch', {
        requests: [
          { search: { q: 'process rewards', limit: 1, fields: ['title'] } },
          { similar: { id: 'arXiv:2401.99999' } },
        ],
      }),
    },
    refused: {
      invalid_request: post('No request', '/v1/batch', { requests: [] }),
      unknown_parameter: post('A parameter with a typing error', '/v1/batch', { request: [] }),
    },
  },
  listPapers: {
    answered: {
      firstPage: get('The first two', '/v1/papers?limit=2&fields=title'),
    },
    refused: {
      invalid_request: get('A cursor that no page gave', '/v1/papers?cursor=2'),
      unknown_parameter: get('A parameter with a typing error', '/v1/papers?curser=2'),
    },
  },
  getPaper: {
    answered: {
      paper: get('Title and year', `${paper}?fields=title,year`),
      everything: get('All that is known', `${paper}`),
    },
    refused: {
      invalid_request: get('A field that papers do not have', `${paper}?fields=titel`),
      unknown_parameter: get('A parameter with a typing error', `${paper}?field=title`),
      unknown_paper: get('An id that the corpus does not have', '/v1/papers/arXiv:2401.99999'),
      not_found: get('An id whose slash is not written %2F', '/v1/papers/cs/0112017'),
    },
  },
  importPapers: {
    answered: {
      lines: admin('A paper, the same again, its removal, and a line that is neither', 'post', '/v1/papers', {
        headers: { 'Content-Type': 'application/x-ndjson' },
        body:
          '{"id": "trees", "title": "Trees that grow", "year": 2024}\n' +
          '{"id": "trees", "title": "Trees that grow", "year": 2024}\n' +
          '{"delete": "trees"}\n' +
          '{"titel": "Trees that grow"}\n',
      }),
    },
    refused: {
      unknown_parameter: admin('A parameter', 'post', '/v1/papers?wait=true', {
        headers: { 'Content-Type': 'application/x-ndjson' },
        body: '{"title": "Trees that grow"}',
      }),
    },
  },
  putPaper: {
    answered: {
      created: admin('A new paper', 'put', made, { body: record, status: 201 }),
      unchanged: admin('The same again', 'put', made, { body: record }),
    },
    refused: {
      invalid_request: admin('No title', 'put', made, { body: { abstract: record.abstract } }),
      unknown_parameter: admin('A name with a typing error', 'put', made, {
        body: { ...record, titel: 'Trees' },
      }),
      invalid_paper: admin('A date that is none', 'put', made, {
        body: { ...record, published: 'yesterday' },
      }),
      older_version: admin(
        'The first version, where the corpus has the second',
        'put',
        `${made.slice(0, -1)}1`,
        {
          body: record,
        },
      ),
      precondition_failed: admin('The tag of another version', 'put', made, { body: record, headers: other }),
    },
  },
  removePaper: {
    answered: { removed: admin('A paper', 'delete', made) },
    refused: {
      invalid_request: admin('A condition that is no list of tags', 'delete', paper, {
        headers: { 'If-Match': 'another-version' },
      }),
      unknown_parameter: admin('A parameter', 'delete', `${paper}?force=true`),
      unknown_paper: admin('An id that the corpus does not have', 'delete', '/v1/papers/arXiv:2401.99999'),
      precondition_failed: admin('The tag of another version', 'delete', paper, { headers: other }),
    },
  },
  lookUpPapers: {
    answered: {
      two: post('One that is there, one that is not', '/v1/papers/lookup', {
        ids: [SAMPLE.nash, 'arXiv:2401.99999'],
        fields: ['title'],
      }),
    },
    refused: {
      invalid_request: post('No id', '/v1/papers/lookup', { ids: [] }),
      unknown_parameter: post('A parameter with a typing error', '/v1/papers/lookup', { id: [SAMPLE.nash] }),
    },
  },
  info: {
    answered: { sample: get('The sample corpus', '/v1/info') },
    refused: { unknown_parameter: get('A parameter', '/v1/info?verbose=true') },
  },
  about: {
    answered: { routes: get('The routes', '/') },
    refused: { unknown_parameter: get('A parameter', '/?q=agents') },
  },
  live: { answered: { live: get('It is up', '/livez') }, refused: {} },
  ready: { answered: { ready: get('It can answer', '/readyz') }, refused: {} },
  writerStatus: {
    answered: { status: admin('Four changes that are in no generation yet', 'get', '/v1/admin/status') },
    refused: { unknown_parameter: admin('A parameter', 'get', '/v1/admin/status?verbose=true') },
  },
  rebuild: {
    answered: { begun: admin('Begun', 'post', '/v1/admin/rebuild') },
    refused: { unknown_parameter: admin('A parameter', 'post', '/v1/admin/rebuild?force=true') },
  },
  reembed: {
    answered: {
      begun: admin('With the model that the corpus has', 'post', '/v1/admin/reembed', {
        body: { model: WRITE_NOTES.model.example },
      }),
    },
    refused: {
      invalid_request: admin('A model that there is not', 'post', '/v1/admin/reembed', {
        body: { model: 'no-such-model' },
      }),
      unknown_parameter: admin('A parameter with a typing error', 'post', '/v1/admin/reembed', {
        body: { modle: WRITE_NOTES.model.example },
      }),
    },
  },
  reload: {
    answered: { served: admin('Nothing new is published', 'post', '/v1/admin/reload') },
    refused: { unknown_parameter: admin('A parameter', 'post', '/v1/admin/reload?force=true') },
  },
  metrics: { answered: { scrape: get('A few of the lines', '/metrics') }, refused: {} },
} as const satisfies Record<string, Examples>;

export type OperationId = keyof typeof EXAMPLES;
