/** The OpenAPI document, put together from the schemas that validate requests. */
import { requestSchemas } from '../../recommend/requests.js';
import { componentSchemas, refTo } from './components.js';
import { EXAMPLES, type ExampleRequest, type Examples } from './examples.js';
import type { Limits } from './notes.js';
import { OPERATIONS, type Operation } from './operations.js';
import { IF_NONE_MATCH, PAPER_ID, type Parameter, queryParameters, REQUEST_ID } from './parameters.js';
import { exampleOf, problemResponses, sharedExamples } from './problems.js';

export interface OpenApiDocument {
  openapi: '3.1.1';
  info: Record<string, unknown>;
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
  [member: string]: unknown;
}

const DESCRIPTION = `Which papers of your own corpus are closest to this one, to these, or to this text?

Ids come back byte for byte as the corpus gave them; in a path they are percent-encoded (\`/\` as \`%2F\`). The same
request to the same generation of the corpus gets the same bytes. GET and HEAD carry a strong \`ETag\`; \`If-None-Match\`
answers 304 without any work. Every route that answers GET answers HEAD, and every route OPTIONS. Errors are problem
details (RFC 9457) with a stable \`code\`. The examples are true of the sample corpus that ships with nearpaper.`;

const TAGS: { name: Operation['tag']; description: string }[] = [
  { name: 'Queries', description: 'Which papers are close?' },
  { name: 'Papers', description: 'What the corpus holds.' },
  { name: 'Service', description: 'What this service is and how it does.' },
];

/** The document of a service with these limits. The same arguments give the same document, member by member. */
export function openApiDocument({ version, limits }: { version: string; limits: Limits }): OpenApiDocument {
  const schemas = requestSchemas(limits);
  const queries = OPERATIONS.map(({ query }) =>
    query === undefined ? [] : queryParameters(schemas[query], limits),
  );
  const shared = sharedParameters([...queries.flat(), PAPER_ID, REQUEST_ID, IF_NONE_MATCH]);
  const paths: OpenApiDocument['paths'] = {};
  for (const [i, operation] of OPERATIONS.entries()) {
    const parameters = [
      ...(operation.path.includes('{id}') ? [PAPER_ID] : []),
      ...(queries[i] ?? []),
      ...(operation.method === 'get' && operation.fromCorpus ? [IF_NONE_MATCH] : []),
      REQUEST_ID,
    ].map((parameter) => sharedOr(shared, parameter));
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationObject(operation, parameters),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'nearpaper',
      summary: 'A self-hosted recommender of papers.',
      description: DESCRIPTION,
      version,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This service.' }],
    // None of its own: whoever offers it to others puts a proxy before it.
    security: [],
    tags: TAGS,
    paths,
    components: {
      schemas: componentSchemas(schemas, limits),
      parameters: Object.fromEntries(shared),
      headers: HEADERS,
      examples: sharedExamples(),
    },
  };
}

/** Parameters that several operations take in the same form. Of those of one name, the first form that is shared. */
function sharedParameters(parameters: readonly Parameter[]): Map<string, Parameter> {
  const shared = new Map<string, Parameter>();
  const uses = new Map<string, number>();
  for (const parameter of parameters) {
    const form = JSON.stringify(parameter);
    uses.set(form, (uses.get(form) ?? 0) + 1);
  }
  for (const parameter of parameters) {
    const { name } = parameter;
    const several = (uses.get(JSON.stringify(parameter)) ?? 0) > 1 || parameter.in !== 'query';
    if (several && !shared.has(name)) shared.set(name, parameter);
  }
  return shared;
}

function sharedOr(
  shared: ReadonlyMap<string, Parameter>,
  parameter: Parameter,
): Parameter | { $ref: string } {
  const same = JSON.stringify(shared.get(parameter.name)) === JSON.stringify(parameter);
  return same ? { $ref: `#/components/parameters/${parameter.name}` } : parameter;
}

function operationObject(operation: Operation, parameters: readonly unknown[]): Record<string, unknown> {
  const { id, tag, summary, description, body, problems } = operation;
  const examples: Examples = EXAMPLES[id];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    parameters,
    ...(body === undefined ? {} : { requestBody: requestBody(body, examples) }),
    responses: {
      200: answerObject(operation, examples),
      ...(operation.method === 'get' && operation.fromCorpus
        ? { 304: { description: 'The answer is the one that If-None-Match names.', headers: KEPT } }
        : {}),
      ...problemResponses(id, problems, examples.refused),
    },
  };
}

function requestBody(body: string, { answered }: Examples): Record<string, unknown> {
  const example = ({ summary, body: value }: ExampleRequest) => ({ summary, value });
  const examples = Object.entries(answered).map(([name, request]) => [name, example(request)]);
  const content = { schema: refTo(body), examples: Object.fromEntries(examples) };
  return { required: true, content: { 'application/json': content } };
}

function answerObject(operation: Operation, { answered }: Examples): Record<string, unknown> {
  const { id, method, answer, fromCorpus } = operation;
  const examples = Object.entries(answered).map(([name, request]) => [
    name,
    exampleOf(request, `${id}.${name}`),
  ]);
  const mediaType = answer === null ? 'text/plain' : 'application/json';
  const schema = answer === null ? { type: 'string' } : refTo(answer);
  return {
    description: method === 'get' && fromCorpus ? 'The answer, with its ETag.' : 'The answer.',
    headers: answerHeaders(operation),
    content: { [mediaType]: { schema, examples: Object.fromEntries(examples) } },
  };
}

function answerHeaders({ method, answer, fromCorpus }: Operation): Record<string, unknown> {
  if (answer === null) return NEVER_KEPT;
  if (!fromCorpus) return ALWAYS;
  return method === 'get' ? KEPT : TIMED;
}

const headers = (...names: (keyof typeof HEADERS)[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const header = (
  description: string,
  schema: Record<string, unknown>,
  example: unknown,
  { required } = { required: true },
) => ({ description, required, schema, example });

const HEADERS = {
  'X-Request-Id': header(
    'The name of this request in the log. Absent only where no request could be read.',
    { type: 'string', pattern: '^[\\w.:-]{1,64}$' },
    '5d045fb4-1c39-4b4d-8f8b-0a4fb0ab3d5e',
    { required: false },
  ),
  ETag: header(
    'Strong; changes with the generation, the model, the ranking, the settings and the request.',
    { type: 'string', pattern: '^"[\\w-]+"$' },
    IF_NONE_MATCH.example,
  ),
  'Cache-Control': header(
    'no-cache: keep it, and ask whether it is still right.',
    { const: 'no-cache' },
    'no-cache',
  ),
  'Server-Timing': header(
    'Milliseconds that the answer took.',
    { type: 'string', pattern: '^total;dur=\\d+\\.\\d$' },
    'total;dur=3.1',
  ),
  'Retry-After': header(
    'Seconds after which the same call may work. Absent where waiting does not help.',
    { type: 'integer', minimum: 1 },
    1,
    { required: false },
  ),
  Allow: header('The methods of this path.', { type: 'string' }, 'GET, HEAD, POST, OPTIONS'),
} as const;

const ALWAYS = headers('X-Request-Id');
const NEVER_KEPT = {
  ...ALWAYS,
  'Cache-Control': header('Of use only now.', { const: 'no-store' }, 'no-store'),
};
const TIMED = headers('X-Request-Id', 'Server-Timing');
const KEPT = headers('X-Request-Id', 'Server-Timing', 'ETag', 'Cache-Control');
