import assert from 'node:assert/strict';
import { ERRORS, type ErrorCode } from '../../src/errors.js';

/** The parts of a response that a problem is judged by; supertest's responses have them. */
export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  field?: string;
  accepted?: string;
  ids?: string[];
  requestId?: string;
  [member: string]: unknown;
}

/** Asserts that a response is the problem of this code, in full, and returns its body. */
export function assertProblem(response: Answered, code: ErrorCode): Problem {
  const problem = assertSomeProblem(response);
  assert.equal(problem.code, code, problem.detail);
  return problem;
}

/** Asserts that a response is a well-formed RFC 9457 problem of a code that is listed. */
export function assertSomeProblem(response: Answered): Problem {
  assert.match(String(response.headers['content-type']), /^application\/problem\+json\b/);
  const problem: Problem = JSON.parse(response.text);
  const listed = ERRORS[problem.code as ErrorCode];
  assert.ok(listed, `${problem.code} is a listed code`);
  assert.equal(problem.type, `urn:nearpaper:error:${problem.code}`);
  assert.equal(problem.title, listed.title);
  assert.equal(problem.status, listed.status);
  assert.equal(response.status, listed.status);
  assert.ok(problem.detail.length > 0);
  if ('x-request-id' in response.headers) assert.equal(problem.requestId, response.headers['x-request-id']);
  return problem;
}
