/** The responses that are problems: which code is met when, with an example each. */
import { ERRORS, type ErrorCode } from '../../errors.js';
import { refTo } from './components.js';
import type { ExampleRequest } from './examples.js';
import { SAMPLE } from './notes.js';
import { RECORDED } from './recorded.js';

/** When a caller meets each code. Those that are not here no caller meets: `cancelled`, and what only the log shows. */
export const WHEN = {
  invalid_request: '`field` is not what `accepted` says.',
  unknown_parameter: 'There is no parameter `field`; `accepted` lists those that there are.',
  invalid_json: 'The body is not JSON.',
  invalid_text: 'A text with a NUL character or half of a surrogate pair.',
  malformed_http: 'The bytes are not an HTTP request, or it has no Host header, or two.',
  malformed_url: 'A percent sign in the URL that encodes no character.',
  invalid_paper: 'The record cannot be read as a paper; `field` says where, when it is one field.',
  unauthorized: 'There is no `Authorization: Bearer` with a key that is accepted here.',
  writes_off: 'The service was started without an admin key, or to write nothing.',
  unknown_paper: 'The corpus has none of the papers that were asked about; `ids` lists them.',
  not_found: 'No such route, as for an id whose slash is not written %2F.',
  method_not_allowed: 'Another method than those that the header `Allow` names.',
  request_timeout: 'The request did not arrive within 30 seconds.',
  older_version: 'The corpus has a newer version of the arXiv paper; `ids` names it.',
  precondition_failed:
    'If-Match or If-None-Match does not hold: the paper has changed, is there already, or is gone.',
  body_too_large: 'The body is larger than accepted.',
  text_too_long: 'A text is longer than accepted.',
  query_too_long: 'A text is longer than accepted in a URL: send it by POST.',
  unsupported_media_type: 'The body is not sent as application/json in UTF-8.',
  rate_limited: 'The key has been used as often as it may be for now. Try again after Retry-After.',
  headers_too_large: 'Request line and headers are larger than 64 KiB.',
  internal: 'A defect, or a machine in trouble; the log has it under the request id.',
  overloaded: 'More texts wait than the queue holds. Try again after Retry-After.',
  not_ready: 'The service starts, stops, or cannot embed texts.',
  storage_failed:
    'The disk did not confirm the change, as when it is full; the log says why. It may or may not be stored: send it again.',
  deadline_exceeded: 'There was no answer within the deadline. Try again after Retry-After.',
} as const satisfies Partial<Record<ErrorCode, string>>;

export type MetCode = keyof typeof WHEN;

/** Met the same way wherever they are met: one example for all routes, with what brings it about. */
export const SHARED = {
  malformed_http: { summary: 'A header without a colon' },
  malformed_url: { summary: 'A percent sign in a query', method: 'get', path: '/v1/search?q=100%' },
  invalid_json: {
    summary: 'Half a body',
    method: 'post',
    path: '/v1/search',
    headers: { 'Content-Type': 'application/json' },
    body: '{"q": "agents',
  },
  unauthorized: { summary: 'No key', method: 'delete', path: `/v1/papers/${SAMPLE.nash}` },
  writes_off: { summary: 'A service without NEARPAPER_ADMIN_KEY' },
  method_not_allowed: {
    summary: 'DELETE on a route that can only be read',
    method: 'delete',
    path: '/v1/search',
  },
  request_timeout: { summary: 'Headers that never end' },
  body_too_large: { summary: 'A body of more than 4 MiB' },
  text_too_long: { summary: 'A text of 20,001 characters' },
  query_too_long: { summary: 'A q of 2,001 characters by GET' },
  unsupported_media_type: {
    summary: 'A form',
    method: 'post',
    path: '/v1/search',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'q=agents',
  },
  rate_limited: { summary: 'A key that may be used once a minute, used twice' },
  headers_too_large: { summary: 'A header of 70,000 bytes' },
  internal: { summary: 'The embedding workers have died' },
  overloaded: { summary: 'A full queue' },
  not_ready: { summary: 'The service is starting' },
  deadline_exceeded: { summary: 'A search that takes longer than the deadline' },
  storage_failed: { summary: 'A full disk' },
} as const satisfies Partial<Record<MetCode, ExampleRequest | { summary: string }>>;

export type SharedCode = keyof typeof SHARED;

function isShared(code: MetCode): code is SharedCode {
  return Object.hasOwn(SHARED, code);
}

/** The examples of `SHARED`, for components/examples. */
export function sharedExamples(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SHARED).map(([code, request]) => [code, exampleOf(request, `shared.${code}`)]),
  );
}

/** An answer as it was recorded, with the request that brings it about where a document can hold it. */
export function exampleOf(
  request: ExampleRequest | { summary: string },
  recordedAs: string,
): Record<string, unknown> {
  const { summary, status: _told, ...sent }: ExampleRequest | { summary: string; status?: number } = request;
  return {
    summary,
    value: RECORDED[recordedAs],
    ...('path' in sent ? { 'x-request': sent } : {}),
  };
}

const PROBLEM_HEADERS = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };
const RETRY_AFTER = { 'Retry-After': { $ref: '#/components/headers/Retry-After' } };
const WWW_AUTHENTICATE = { 'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' } };
const ALLOW = { Allow: { $ref: '#/components/headers/Allow' } };

/** One response a status. `own`: the operation's own examples of codes that are not shared. */
export function problemResponses(
  operationId: string,
  codes: readonly MetCode[],
  own: Readonly<Partial<Record<ErrorCode, ExampleRequest>>>,
): Record<string, unknown> {
  const responses: Record<string, unknown> = {};
  const statuses = new Set(codes.map((code) => ERRORS[code].status));
  for (const status of statuses) {
    const group = codes.filter((code) => ERRORS[code].status === status);
    const examples = group.map((code) => {
      const request = own[code];
      if (request !== undefined) return [code, exampleOf(request, `${operationId}.${code}`)];
      if (!isShared(code)) throw new Error(`${operationId} has no example of ${code}.`);
      return [code, { $ref: `#/components/examples/${code}` }];
    });
    responses[status] = {
      description: group.map((code) => `\`${code}\`: ${WHEN[code]}`).join('\n\n'),
      headers: {
        ...PROBLEM_HEADERS,
        ...(status === 503 || status === 429 ? RETRY_AFTER : {}),
        ...(status === 401 ? WWW_AUTHENTICATE : {}),
        ...(status === 405 ? ALLOW : {}),
      },
      content: {
        'application/problem+json': {
          schema: {
            allOf: [refTo('Problem')],
            properties: { status: { const: status }, code: { enum: group } },
          },
          examples: Object.fromEntries(examples),
        },
      },
    };
  }
  return responses;
}
