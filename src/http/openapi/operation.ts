/** What is told of a route, and the problems that many routes have in common. */
import type { RequestSchemas } from '../../recommend/requests.js';
import type { AnswerName } from './answers.js';
import type { BodyName } from './components.js';
import type { OperationId } from './examples.js';
import type { MetCode } from './problems.js';

export interface Operation {
  id: OperationId;
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  tag: 'Queries' | 'Papers' | 'Service' | 'Administration';
  summary: string;
  description: string;
  /** The schema that validates the query string. */
  query?: keyof RequestSchemas;
  body?: BodyName;
  /** Those of an answer; 200 if absent. */
  statuses?: readonly number[];
  /** Body and answer are NDJSON. */
  lines?: true;
  /** Which key it needs; if absent one for reading, where the service has any. */
  key?: 'admin' | 'none';
  /** The conditions that a write takes. */
  conditions?: readonly ('If-Match' | 'If-None-Match')[];
  /** An answer that is of use only now. */
  neverKept?: true;
  /** Null for /metrics, which is text, and where `lines` are answered. */
  answer: AnswerName | null;
  /** Whether the answer comes from the corpus: with ETag for GET and PUT, and with a deadline. */
  fromCorpus: boolean;
  problems: readonly MetCode[];
}

/** Whatever is asked. In the order of their statuses, as all lists here. */
export const ANYWHERE = [
  'malformed_http',
  'method_not_allowed',
  'request_timeout',
  'headers_too_large',
  'internal',
] as const;
export const BY_URL = ['invalid_request', 'unknown_parameter', 'malformed_url', ...ANYWHERE] as const;
export const BY_BODY = [
  'invalid_request',
  'unknown_parameter',
  'invalid_json',
  'malformed_url',
  ...ANYWHERE,
  'body_too_large',
  'unsupported_media_type',
] as const;
/** Where a key may be needed, and may be asked with too often. */
export const OF_READERS = ['unauthorized', 'rate_limited'] as const;
export const OF_ADMIN = ['unauthorized', 'writes_off'] as const;
export const OF_CORPUS = ['not_ready', 'deadline_exceeded'] as const;
export const OF_QUERY = ['overloaded', ...OF_CORPUS] as const;
