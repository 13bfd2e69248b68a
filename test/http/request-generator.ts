/** Requests made from the OpenAPI document alone: valid, at the bounds of what is valid, and wrong in every way. */
import type { Contract, DocumentedParameter, MediaType, Place } from './openapi-document.js';

export interface GeneratedRequest {
  method: string;
  path: string;
  /** Whether the path is one of the document's. */
  onPath: boolean;
  headers: Record<string, string>;
  body?: string | Buffer;
}

/** Whole numbers that look random, the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 or more, less than `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(values: readonly T[]): T {
    // One of them, which may well be undefined.
    return values[this.below(values.length)] as T;
  }
}

/** As much of JSON Schema as the document uses. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** What is neither of the type that is wanted nor of any other sense. */
const WRONG: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  ' ',
  'x',
  '\0',
  '\ud800',
  '\u202e\u001b[31m',
  '__proto__',
  [],
  [null],
  [[]],
  {},
  { id: {} },
  { constructor: { prototype: 1 } },
  'ﷺ'.repeat(40),
];
const TEXTS = [
  'language models',
  'rewards',
  '"process supervision" agents',
  'Ünïcödé 论文 🙂',
  'lamb stew',
  '-',
  'a',
];
const DATES = ['2024', '2024-02-30', '2024-02', '0001-01-01', '9999-12-31', '2024-13'];
const NAMES = ['q', 'id', 'limit', 'nothing', '__proto__', 'constructor', 'toString', '', 'ﬁ', 'q[]', 'a.b'];

export class RequestGenerator {
  readonly #random: Random;
  readonly #contract: Contract;
  /** Ids that are known, and some that are not. */
  readonly #ids: readonly string[];
  /** Ways to fill the Authorization header; undefined for none. */
  readonly #authorizations: readonly (string | undefined)[];

  constructor(
    random: Random,
    contract: Contract,
    ids: readonly string[],
    authorizations: readonly (string | undefined)[],
  ) {
    this.#random = random;
    this.#contract = contract;
    this.#ids = [
      ...ids,
      'no-such-paper',
      '../../etc/passwd',
      '%2e%2e',
      '..',
      '\0',
      ' ',
      'arXiv:2401.99999',
      'é/\\?#&=+%',
    ];
    this.#authorizations = authorizations;
  }

  /** A request to this operation, or nearly. */
  requestTo(place: Place): GeneratedRequest {
    const random = this.#random;
    const parameters = place.operation.parameters.map((one) =>
      this.#contract.resolve<DocumentedParameter>(one),
    );
    const headers = this.#headers(parameters);
    const query = this.#query(parameters.filter((one) => one.in === 'query'));
    const path = place.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(this.#id().toWellFormed()));
    const offPath = random.chance(1);
    const request: GeneratedRequest = {
      onPath: !offPath,
      method: random.chance(3)
        ? random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])
        : place.method.toUpperCase(),
      path:
        path +
        (offPath ? random.pick(['%', '/', '/x', '%2f', '//', ';a', '%00']) : '') +
        (query === '' ? '' : `?${query}`),
      headers,
    };
    const [contentType, media] = Object.entries(place.operation.requestBody?.content ?? {})[0] ?? [];
    if (contentType !== undefined && media !== undefined) this.#addBody(request, contentType, media);
    return request;
  }

  #headers(parameters: readonly DocumentedParameter[]): Record<string, string> {
    const random = this.#random;
    const headers: Record<string, string> = {};
    const authorization = random.pick(this.#authorizations);
    if (authorization !== undefined) headers.Authorization = authorization;
    for (const { name, in: where, example } of parameters) {
      if (where !== 'header' || !random.chance(15)) continue;
      headers[name] = random.pick([
        String(example),
        '*',
        '"x"',
        'W/"x"',
        '"',
        'x, y',
        '',
        '\u00ff',
        'x'.repeat(300),
      ]);
    }
    return headers;
  }

  #query(parameters: readonly DocumentedParameter[]): string {
    const random = this.#random;
    const pairs: string[] = [];
    const add = (name: string, value: unknown) => pairs.push(`${encoded(name)}=${encoded(value)}`);
    for (const { name, required, schema } of parameters) {
      if (!random.chance(required ? 95 : 12)) continue;
      const value = random.chance(15) ? random.pick(WRONG) : this.#value(schema, 0);
      if (Array.isArray(value) && random.chance(70)) for (const one of value.slice(0, 40)) add(name, one);
      else add(name, value);
      if (random.chance(2)) add(name, value);
    }
    if (random.chance(4)) add(random.pick(NAMES), 'x');
    if (random.chance(2))
      pairs.push(random.pick(['&', '=', '%zz', 'q', '?', 'limit=+1', '%00=%00', 'a=b=c']));
    return pairs.join('&');
  }

  #addBody(request: GeneratedRequest, contentType: string, media: MediaType): void {
    const random = this.#random;
    const oddType = random.chance(4);
    const types = ['text/plain', 'application/json; charset=utf-16', 'application/x+json', 'x', contentType];
    request.headers['Content-Type'] = oddType ? random.pick(types) : contentType;
    if (random.chance(2)) request.headers['Content-Encoding'] = random.pick(['gzip', 'br', 'x']);
    if (random.chance(2)) return;
    if (contentType.endsWith('ndjson')) {
      const item = (media as { 'x-itemSchema'?: Schema })['x-itemSchema'] ?? (media.schema as Schema);
      request.body = Array.from({ length: random.below(6) }, () => this.#json(item)).join('\n');
    } else {
      request.body = this.#json(media.schema as Schema);
    }
  }

  /** Mostly what the schema says; else something else, or no JSON. */
  #json(schema: Schema): string | Buffer {
    const random = this.#random;
    if (random.chance(3)) return JSON.stringify(random.pick(WRONG));
    const text = JSON.stringify(this.#value(schema, 0)) ?? '';
    if (random.chance(3)) return text.slice(0, random.below(text.length + 1));
    if (random.chance(1)) return Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]).toString('latin1');
    if (random.chance(1)) return `${'['.repeat(5000)}${']'.repeat(5000)}`;
    return text;
  }

  /** A value of the schema, somewhere within with a wrong one. */
  #value(given: Schema, depth: number): unknown {
    const random = this.#random;
    const schema = given.$ref === undefined ? given : this.#contract.resolve<Schema>({ $ref: given.$ref });
    if (depth > 0 && random.chance(3)) return random.pick(WRONG);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return random.chance(97) ? random.pick(schema.enum) : 'none of them';
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.#value(random.pick(choices), depth + 1);
    if (schema.allOf !== undefined) return this.#value(schema.allOf[0] ?? {}, depth + 1);
    switch (Array.isArray(schema.type) ? random.pick(schema.type) : schema.type) {
      case 'object':
        return this.#object(schema, depth);
      case 'array':
        return this.#array(schema, depth);
      case 'integer':
      case 'number':
        return this.#number(schema);
      case 'boolean':
        return random.chance(50);
      case 'string':
        return this.#string(schema);
      default:
        return null;
    }
  }

  #object({ properties = {}, required = [] }: Schema, depth: number): Record<string, unknown> {
    const random = this.#random;
    const made: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(properties)) {
      if (!random.chance(required.includes(name) ? 96 : 20)) continue;
      made[name] = /^(id|ids)$/.test(name) ? this.#idsFor(schema) : this.#value(schema, depth + 1);
    }
    if (random.chance(3)) Object.defineProperty(made, random.pick(NAMES), { value: 1, enumerable: true });
    return made;
  }

  #array({ items = {}, minItems = 0, maxItems = 5 }: Schema, depth: number): unknown[] {
    const random = this.#random;
    const few = minItems + random.below(3);
    const length = random.chance(95) ? few : random.pick([minItems - 1, maxItems, maxItems + 1]);
    // What is deep is short, or a body would be larger than a service has ever seen.
    return Array.from({ length: Math.min(Math.max(0, length), depth > 1 ? 5 : 600) }, () =>
      this.#value(items, depth + 1),
    );
  }

  #number({ minimum = -5, maximum = 5, type }: Schema): number {
    const random = this.#random;
    const within = minimum + random.below(maximum - minimum + 1);
    const odd = type === 'integer' ? 0.5 : 1e-9;
    if (random.chance(75)) return type === 'integer' ? Math.round(within) : within;
    return random.pick([minimum, maximum, minimum - 1, maximum + 1, minimum + odd, 2 ** 53, -0]);
  }

  #string({ minLength = 0, maxLength = 300 }: Schema): string {
    const random = this.#random;
    const kind = random.below(100);
    if (kind < 60) return random.pick(TEXTS);
    if (kind < 75) return random.pick(DATES);
    if (kind < 90) return this.#id();
    // Rare: the model reads the longest texts for a while.
    if (kind < 98 || maxLength > 2000) return 'x'.repeat(Math.max(0, minLength - random.below(2)));
    return 'x'.repeat(maxLength + random.below(2));
  }

  #id(): string {
    return this.#random.pick(this.#ids);
  }

  #idsFor(schema: Schema): unknown {
    if (this.#random.chance(10)) return this.#value(schema, 1);
    return schema.type === 'array'
      ? Array.from({ length: 1 + this.#random.below(4) }, () => this.#id())
      : this.#id();
  }
}

/** As a value of a query string. */
function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.toWellFormed());
}
