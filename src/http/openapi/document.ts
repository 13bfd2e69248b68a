/** The OpenAPI document, put together from the schemas that validate requests. */
import { requestSchemas } from '../../recommend/requests.js';
import { componentSchemas, refTo } from './components.js';
import { EXAMPLES, type ExampleRequest, type Examples } from './examples.js';
import { linesOf } from './ndjson.js';
import type { Limits } from './notes.js';
import type { Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import {
  CONDITIONS,
  IF_NONE_MATCH,
  PAPER_ID,
  type Parameter,
  queryParameters,
  REQUEST_ID,
} from './parameters.js';
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
answers 304 without any work. Every route that answers GET answers HEAD, and every route OPTIONS, where reading needs a
key with one. Errors are problem details (RFC 9457) with a stable \`code\`. The examples are true of the sample corpus that ships with nearpaper.`;

const TAGS: { name: Operation['tag']; description: string }[] = [
  { name: 'Queries', description: 'Which papers are close?' },
  { name: 'Papers', description: 'What the corpus holds.' },
  { name: 'Administration', description: 'For who runs the service.' },
  { name: 'Service', description: 'What this service is and how it does.' },
];

const SECURITY_SCHEMES = {
  readKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'One of NEARPAPER_READ_KEYS, or the admin key. Not needed where the service has none.',
  },
  adminKey: { type: 'http', scheme: 'bearer', description: 'NEARPAPER_ADMIN_KEY.' },
};
const SECURITY = { read: [{}, { readKey: [] }], admin: [{ adminKey: [] }], none: [] };

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
      ...(operation.conditions ?? []).map((name) => CONDITIONS[name]),
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
    security: SECURITY.read,
    tags: TAGS,
    paths,
    components: {
      schemas: componentSchemas(schemas, limits),
      parameters: Object.fromEntries(shared),
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
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
  const { id, tag, key, summary, description, problems } = operation;
  const examples: Examples = EXAMPLES[id];
  const body = requestBody(operation, examples);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(key === undefined ? {} : { security: SECURITY[key] }),
    parameters,
    ...(body === null ? {} : { requestBody: body }),
    responses: {
      ...Object.fromEntries(
        statusesOf(operation).map((status) => [status, answerObject(operation, examples, status)]),
      ),
      ...(operation.method === 'get' && operation.fromCorpus
        ? { 304: { description: 'The answer is the one that If-None-Match names.', headers: KEPT } }
        : {}),
      ...problemResponses(id, problems, examples.refused),
    },
  };
}

function statusesOf({ statuses = [200] }: Operation): readonly number[] {
  return statuses;
}

function requestBody({ body, lines }: Operation, { answered }: Examples): Record<string, unknown> | null {
  if (body === undefined && !lines) return null;
  const example = ({ summary, body: value }: ExampleRequest) => ({ summary, value });
  const examples = Object.fromEntries(
    Object.entries(answered).map(([name, request]) => [name, example(request)]),
  );
  const content = lines
    ? linesOf('body', examples)
    : { 'application/json': { schema: refTo(String(body)), examples } };
  return { required: true, content };
}

function answerObject(operation: Operation, { answered }: Examples, status: number): Record<string, unknown> {
  const { id, method, answer, fromCorpus, lines } = operation;
  const [usual] = statusesOf(operation);
  const examples = Object.fromEntries(
    Object.entries(answered)
      .filter(([, request]) => (request.status ?? usual) === status)
      .map(([name, request]) => [name, exampleOf(request, `${id}.${name}`)]),
  );
  const content = lines
    ? linesOf('answer', examples)
    : answer === null
      ? { 'text/plain': { schema: { type: 'string' }, examples } }
      : { 'application/json': { schema: refTo(answer), examples } };
  const tagged = method === 'get' && fromCorpus;
  return {
    description: DESCRIPTIONS[status] ?? (tagged ? 'The answer, with its ETag.' : 'The answer.'),
    headers: answerHeaders(operation),
    content,
  };
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  201: 'There was no such paper; now there is.',
  202: 'It has begun.',
};

function answerHeaders({ method, fromCorpus, neverKept }: Operation): Record<string, unknown> {
  if (neverKept) return NEVER_KEPT;
  if (!fromCorpus) return ALWAYS;
  if (method === 'put') return headers('X-Request-Id', 'Server-Timing', 'ETag');
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
    'Strong; changes with the generation, the model, the ranking, the settings and the request. Of a single paper: ' +
      'with that paper, with the fields that are shown of it, and with the version of the service.',
    { type: 'string', pattern: '^"[\\w.-]+"$' },
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
  'WWW-Authenticate': header('How to send a key.', { const: 'Bearer' }, 'Bearer'),
  Allow: header('The methods of this path.', { type: 'string' }, 'GET, HEAD, POST, OPTIONS'),
} as const;

const ALWAYS = headers('X-Request-Id');
const NEVER_KEPT = {
  ...ALWAYS,
  'Cache-Control': header('Of use only now.', { const: 'no-store' }, 'no-store'),
};
const TIMED = headers('X-Request-Id', 'Server-Timing');
const KEPT = headers('X-Request-Id', 'Server-Timing', 'ETag', 'Cache-Control');
