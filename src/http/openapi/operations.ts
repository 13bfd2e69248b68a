/** The routes, as people read about them. */
import type { RequestSchemas } from '../../recommend/requests.js';
import type { AnswerName } from './answers.js';
import type { BodyName } from './components.js';
import type { OperationId } from './examples.js';
import type { MetCode } from './problems.js';

export interface Operation {
  id: OperationId;
  method: 'get' | 'post';
  path: string;
  tag: 'Queries' | 'Papers' | 'Service';
  summary: string;
  description: string;
  /** The schema that validates the query string. */
  query?: keyof RequestSchemas;
  body?: BodyName;
  /** Null for /metrics, which is text. */
  answer: AnswerName | null;
  /** Whether the answer comes from the corpus: with ETag for GET, and with a deadline. */
  fromCorpus: boolean;
  problems: readonly MetCode[];
}

/** Whatever is asked. In the order of their statuses, as all lists here. */
const ANYWHERE = [
  'malformed_http',
  'method_not_allowed',
  'request_timeout',
  'headers_too_large',
  'internal',
] as const;
const BY_URL = ['invalid_request', 'unknown_parameter', 'malformed_url', ...ANYWHERE] as const;
const BY_BODY = [
  'invalid_request',
  'unknown_parameter',
  'invalid_json',
  'malformed_url',
  ...ANYWHERE,
  'body_too_large',
  'unsupported_media_type',
] as const;
const OF_CORPUS = ['not_ready', 'deadline_exceeded'] as const;
const OF_QUERY = ['overloaded', ...OF_CORPUS] as const;

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'similarPapers',
    method: 'get',
    path: '/v1/papers/{id}/similar',
    tag: 'Queries',
    summary: 'Papers nearest to one paper',
    description:
      'By meaning, by words, or by both. The paper itself, other versions and copies of it are never among them.',
    query: 'similar',
    answer: 'Answer',
    fromCorpus: true,
    problems: [...BY_URL, 'unknown_paper', ...OF_QUERY],
  },
  {
    id: 'searchByUrl',
    method: 'get',
    path: '/v1/search',
    tag: 'Queries',
    summary: 'Papers for a text',
    description: 'By meaning, by words, or by both. A longer text goes by POST, with the same names.',
    query: 'search',
    answer: 'Answer',
    fromCorpus: true,
    problems: [...BY_URL, 'invalid_text', 'query_too_long', ...OF_QUERY],
  },
  {
    id: 'search',
    method: 'post',
    path: '/v1/search',
    tag: 'Queries',
    summary: 'Papers for a text, by POST',
    description: 'The same as by GET, for longer texts.',
    body: 'SearchRequest',
    answer: 'Answer',
    fromCorpus: true,
    problems: [...BY_BODY, 'invalid_text', 'text_too_long', ...OF_QUERY],
  },
  {
    id: 'recommendByUrl',
    method: 'get',
    path: '/v1/recommendations',
    tag: 'Queries',
    summary: 'Papers near some papers and away from others',
    description: 'Seeds are papers of the corpus, all of the same weight. Texts and weights go by POST.',
    query: 'recommendationsById',
    answer: 'Answer',
    fromCorpus: true,
    problems: [...BY_URL, 'unknown_paper', ...OF_QUERY],
  },
  {
    id: 'recommend',
    method: 'post',
    path: '/v1/recommendations',
    tag: 'Queries',
    summary: 'Papers near some papers and texts and away from others',
    description:
      'By meaning, by words, or by both. No seed, and no copy of one, is in the answer. Seeds that the corpus does ' +
      'not have are named in a warning; when no positive is left the answer is 404.',
    body: 'RecommendationsRequest',
    answer: 'Answer',
    fromCorpus: true,
    problems: [...BY_BODY, 'invalid_text', 'unknown_paper', 'text_too_long', ...OF_QUERY],
  },
  {
    id: 'batch',
    method: 'post',
    path: '/v1/batch',
    tag: 'Queries',
    summary: 'Many queries in one call',
    description:
      'Each is answered or refused by itself, with the status that it alone would have had. The same text in ' +
      'several of them is embedded once.',
    body: 'BatchRequest',
    answer: 'BatchAnswer',
    fromCorpus: true,
    problems: [...BY_BODY, ...OF_CORPUS],
  },
  {
    id: 'listPapers',
    method: 'get',
    path: '/v1/papers',
    tag: 'Papers',
    summary: 'The corpus, page by page',
    description: 'Papers that pass the filters, in the order of the corpus.',
    query: 'list',
    answer: 'PaperList',
    fromCorpus: true,
    problems: [...BY_URL, ...OF_CORPUS],
  },
  {
    id: 'getPaper',
    method: 'get',
    path: '/v1/papers/{id}',
    tag: 'Papers',
    summary: 'One paper',
    description: 'With all its fields, or those that are asked for.',
    query: 'paper',
    answer: 'Paper',
    fromCorpus: true,
    problems: [...BY_URL, 'unknown_paper', 'not_found', ...OF_CORPUS],
  },
  {
    id: 'lookUpPapers',
    method: 'post',
    path: '/v1/papers/lookup',
    tag: 'Papers',
    summary: 'Many papers by id',
    description: 'In the order asked; null for those that the corpus does not have.',
    body: 'LookUpRequest',
    answer: 'LookUpAnswer',
    fromCorpus: true,
    problems: [...BY_BODY, ...OF_CORPUS],
  },
  {
    id: 'info',
    method: 'get',
    path: '/v1/info',
    tag: 'Service',
    summary: 'Corpus, model, recall, calibration, limits',
    description: 'What the service answers from and what it accepts.',
    answer: 'Info',
    fromCorpus: true,
    problems: ['unknown_parameter', 'malformed_url', ...ANYWHERE, ...OF_CORPUS],
  },
  {
    id: 'about',
    method: 'get',
    path: '/',
    tag: 'Service',
    summary: 'Name, version, routes',
    description: 'Answered in every state of the service.',
    answer: 'About',
    fromCorpus: false,
    problems: ['unknown_parameter', 'malformed_url', ...ANYWHERE],
  },
  {
    id: 'live',
    method: 'get',
    path: '/livez',
    tag: 'Service',
    summary: 'The process is up',
    description: 'Answered in every state of the service.',
    answer: 'Live',
    fromCorpus: false,
    problems: ANYWHERE,
  },
  {
    id: 'ready',
    method: 'get',
    path: '/readyz',
    tag: 'Service',
    summary: 'The service can answer',
    description: '503 while it starts, while it stops, and when its embedding workers have failed for good.',
    answer: 'Ready',
    fromCorpus: false,
    problems: [...ANYWHERE, 'not_ready'],
  },
  {
    id: 'metrics',
    method: 'get',
    path: '/metrics',
    tag: 'Service',
    summary: 'Metrics for Prometheus',
    description: 'Answered in every state of the service.',
    answer: null,
    fromCorpus: false,
    problems: ANYWHERE,
  },
];
