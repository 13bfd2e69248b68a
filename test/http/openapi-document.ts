/** Reading the OpenAPI document as a client would: by its own structure, with nothing of the code that wrote it. */
import assert from 'node:assert/strict';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answered } from '../support/problems.js';

export interface DocumentedExample {
  summary: string;
  value?: unknown;
  'x-request'?: {
    method: 'get' | 'post' | 'put' | 'delete';
    path: string;
    headers?: Record<string, string>;
    body?: unknown;
  };
}

export interface DocumentedParameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required: boolean;
  description: string;
  schema: { type?: string };
  style?: string;
  explode?: boolean;
  example: unknown;
}

export interface MediaType {
  schema: object;
  /** Of NDJSON: what each line is. */
  'x-itemSchema'?: object;
  examples: Record<string, DocumentedExample | { $ref: string }>;
}

export interface DocumentedResponse {
  description: string;
  headers?: Record<string, { $ref: string }>;
  content?: Record<string, MediaType>;
}

export interface DocumentedOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters: (DocumentedParameter | { $ref: string })[];
  security?: Record<string, unknown>[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, DocumentedResponse>;
}

export interface ContractDocument {
  openapi: string;
  info: Record<string, unknown>;
  servers: { url: string }[];
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: Record<string, Record<string, unknown>>;
}

/** One operation with where it stands. */
export interface Place {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  operation: DocumentedOperation;
}

export class Contract {
  readonly document: ContractDocument;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<object, ValidateFunction>();

  constructor(document: ContractDocument) {
    this.document = document;
    // Not strict: the document around the schemas is no schema. Its own structure is the linter's.
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'contract');
  }

  get operations(): Place[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        method: method as Place['method'],
        path,
        operation,
      })),
    );
  }

  /** What `$ref` names within the document, or the value itself. */
  resolve<T extends object>(value: T | { $ref: string }): T {
    if (!('$ref' in value)) return value;
    let found: unknown = this.document;
    for (const key of String(value.$ref).replace('#/', '').split('/')) {
      assert.ok(typeof found === 'object' && found !== null, String(value.$ref));
      found = Reflect.get(found, key);
    }
    assert.ok(typeof found === 'object' && found !== null, `${value.$ref} names nothing`);
    return found as T;
  }

  /** Asserts that the value is what the schema at this pointer of the document says. */
  assertValid(value: unknown, keys: readonly string[], what: string): void {
    const pointer = keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')));
    const validate = this.#ajv.getSchema(`contract#/${pointer.join('/')}`);
    assert.ok(validate, `no schema at ${keys.join(' ')}`);
    if (!validate(value))
      assert.fail(`${what}: ${shown(validate.errors)}\n${JSON.stringify(value)?.slice(0, 2000)}`);
  }

  /** The same for a schema that was read from the document. */
  assertFits(value: unknown, schema: object, what: string): void {
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile(absolute(schema));
    this.#compiled.set(schema, validate);
    if (!validate(value)) assert.fail(`${what}: ${shown(validate.errors)}, not ${JSON.stringify(value)}`);
  }

  /** Asserts that the document allows this answer to this operation: status, type, body, headers. */
  assertAnswer({ method, path, operation }: Place, { status, headers, text }: Answered): void {
    const what = `${status} of ${method} ${path}`;
    const response = operation.responses[status];
    assert.ok(response, `${what} is not documented: ${text}`);
    const place = ['paths', path, method, 'responses', String(status)];
    const given: Record<string, unknown> = headers;
    for (const [name, reference] of Object.entries(response.headers ?? {})) {
      const { required, schema } = this.resolve<{ required?: boolean; schema: { type?: string } }>(reference);
      const value = given[name.toLowerCase()];
      if (value === undefined) assert.ok(!required, `${what} lacks ${name}`);
      else this.assertFits(schema.type === 'integer' ? Number(value) : value, schema, `${name} of ${what}`);
    }
    const documented = Object.keys(response.headers ?? {}).map((name) => name.toLowerCase());
    for (const name of Object.keys(headers)) {
      assert.ok(TRANSPORT.has(name) || documented.includes(name), `${name} of ${what} is not documented`);
    }
    if (response.content === undefined) {
      assert.equal(text, '');
      return;
    }
    const [mediaType = ''] = String(given['content-type']).split(';');
    assert.ok(mediaType in response.content, `${mediaType} of ${what} is not documented`);
    const item = response.content[mediaType]?.['x-itemSchema'];
    if (item !== undefined) {
      for (const line of text.trimEnd().split('\n')) this.assertFits(JSON.parse(line), item, what);
      return;
    }
    const body: unknown = mediaType.endsWith('json') ? JSON.parse(text) : text;
    this.assertValid(body, [...place, 'content', mediaType, 'schema'], what);
    if (status < 400) return;
    const code = String(Reflect.get(Object(body), 'code'));
    if (!UNREAD.has(code)) assert.ok(given['x-request-id'], `${what} has no X-Request-Id`);
  }
}

/** What Node and express add to every answer. */
const TRANSPORT = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-content-type-options',
  'content-security-policy',
  'referrer-policy',
  'x-frame-options',
  'cross-origin-resource-policy',
]);
/** Answered before there is a request, hence without its id. */
const UNREAD = new Set(['malformed_http', 'request_timeout', 'headers_too_large']);

/** With references into the document that hold outside of it too. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"contract#/'));
}

function shown(errors: ErrorObject[] | null | undefined): string {
  return (errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`).join('; ');
}
