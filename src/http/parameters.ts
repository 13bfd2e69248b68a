/** Parameters of requests: one zod schema for the GET and the POST form of a route. */
import type { Request } from 'express';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import { DEFAULT_FIELDS, PAPER_FIELDS, type PaperField } from '../recommend/answer.js';
import { checkText, isLonger } from '../recommend/query-text.js';

const DEFAULT_RESULTS = 10;

/** The schemas of all requests, for the limits that are set. Each description says what is accepted; errors quote it. */
export function requestSchemas({ results }: Pick<Config['limits'], 'results'>) {
  const limit = z
    .number()
    .int()
    .min(1)
    .max(results)
    .default(Math.min(DEFAULT_RESULTS, results))
    .describe(`a whole number from 1 to ${results}`);
  const fields = (standard: readonly PaperField[]) =>
    z
      .array(z.enum(PAPER_FIELDS))
      .min(1)
      .max(PAPER_FIELDS.length)
      .default([...standard])
      .describe(`a list of ${PAPER_FIELDS.join(', ')}`);
  const exact = z.boolean().default(false).describe('true or false');
  return {
    similar: z.strictObject({ limit, fields: fields(DEFAULT_FIELDS), exact }),
    search: z.strictObject({
      q: z.string().describe('the text to find papers for'),
      mode: z.enum(['semantic']).default('semantic').describe('semantic'),
      limit,
      fields: fields(DEFAULT_FIELDS),
      exact,
    }),
    paper: z.strictObject({ fields: fields(PAPER_FIELDS) }),
    list: z.strictObject({
      limit,
      fields: fields(DEFAULT_FIELDS),
      cursor: z.string().optional().describe('the value of `next` in the page before'),
    }),
  };
}

export const noParameters = z.strictObject({});

/** How the text of a GET parameter becomes the JSON value that POST would carry. */
const FROM_TEXT = new Map<string, (text: string) => unknown>([
  ['limit', (text) => (/^-?\d{1,15}(\.\d{1,15})?(e\d{1,2})?$/i.test(text) ? Number(text) : text)],
  ['exact', (text) => (text === 'true' ? true : text === 'false' ? false : text)],
]);
/** Parameters that may be repeated or hold several values separated by commas. */
const LISTS = new Set(['fields']);

/** Errors: `malformed_url`, `unknown_parameter`, `invalid_request` with every problem. */
export function readQuery<Schema extends z.ZodObject>(request: Request, schema: Schema): z.infer<Schema> {
  const start = request.originalUrl.indexOf('?');
  const text = start === -1 ? '' : request.originalUrl.slice(start + 1);
  // URLSearchParams would put U+FFFD for bytes that are no UTF-8; better to say so. A URIError becomes a 400.
  decodeURIComponent(text.replaceAll('+', ' '));
  // A Map: __proto__ is a name like any other.
  const values = new Map<string, unknown>();
  const parameters = new URLSearchParams(text);
  for (const name of new Set(parameters.keys())) {
    const given = parameters.getAll(name);
    if (LISTS.has(name))
      values.set(
        name,
        given.flatMap((list) => list.split(',').map((entry) => entry.trim())),
      );
    else if (given.length > 1) throw repeated(name);
    else values.set(name, FROM_TEXT.get(name)?.(given[0] ?? '') ?? given[0]);
  }
  return validate(Object.fromEntries(values), schema);
}

/** Errors: `unsupported_media_type`, `unknown_parameter`, `invalid_request` with every problem. */
export function readBody<Schema extends z.ZodObject>(request: Request, schema: Schema): z.infer<Schema> {
  if (!request.is(['application/json', 'application/*+json'])) {
    throw new NearpaperError('unsupported_media_type', 'Send the request as JSON.', {
      accepted: 'Content-Type: application/json',
    });
  }
  readQuery(request, noParameters);
  return validate(request.body, schema);
}

function repeated(name: string): NearpaperError {
  return new NearpaperError('invalid_request', `${name} is given more than once.`, {
    field: name,
    accepted: 'one value',
  });
}

function validate<Schema extends z.ZodObject>(values: unknown, schema: Schema): z.infer<Schema> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const known = Object.keys(schema.shape);
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') throw unknownParameter(issue.keys[0] ?? '', known);
  }
  const problems = problemsOf(parsed.error.issues, values, schema);
  const [first] = problems;
  throw new NearpaperError('invalid_request', problems.map(({ detail }) => `${detail}.`).join(' '), {
    field: first?.field ?? 'body',
    accepted: acceptedFor(schema, first?.field.split('.')[0]),
    ...(problems.length > 1 ? { problems } : {}),
  });
}

/** One problem a place, in words of our own: zod's speak of types. */
function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  values: unknown,
  schema: z.ZodObject,
): { field: string; detail: string }[] {
  const firsts = new Map<string, z.core.$ZodIssue>();
  for (const issue of issues) {
    const place = issue.path.join('.') || 'body';
    if (!firsts.has(place)) firsts.set(place, issue);
  }
  return [...firsts].map(([field, { path }]) => {
    const given = at(values, path);
    const name = String(path[0] ?? 'body');
    const must = `must be ${acceptedFor(schema, name)}`;
    if (path.length > 1) return { field, detail: `${name} ${must}, not ${shown(given)}${suggestion(given)}` };
    return { field, detail: given === undefined ? `${name} is missing; it ${must}` : `${name} ${must}` };
  });
}

function shown(given: unknown): string {
  return (JSON.stringify(given) ?? String(given)).slice(0, NAME_SHOWN).toWellFormed();
}

function acceptedFor(schema: z.ZodObject, field: string | undefined): string {
  const described: unknown = field === undefined ? undefined : schema.shape[field];
  return (described instanceof z.ZodType ? described.description : undefined) ?? 'a JSON object';
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** For a name of a field that is nearly one. */
function suggestion(given: unknown): string {
  if (typeof given !== 'string' || given.length > NAME_SHOWN) return '';
  const near = closest(given, PAPER_FIELDS);
  return given !== '' && distance(given, near) <= 2 ? `; did you mean ${near}?` : '';
}

/** A name is whatever the caller wrote; more of it than this is not worth repeating. */
const NAME_SHOWN = 64;

function unknownParameter(given: string, known: readonly string[]): NearpaperError {
  const name = given.slice(0, NAME_SHOWN).toWellFormed();
  const near = known.length === 0 ? undefined : closest(name, known);
  const hint =
    near !== undefined && distance(name, near) <= Math.max(2, name.length / 2)
      ? ` Did you mean ${near}?`
      : '';
  return new NearpaperError('unknown_parameter', `There is no parameter ${JSON.stringify(name)}.${hint}`, {
    field: name,
    accepted: known.length === 0 ? 'no parameters' : known.join(', '),
  });
}

/** Errors: `query_too_long`, which names POST, and those of `checkText`. */
export function checkGetText(text: string, field: string, limits: Config['limits']): void {
  if (isLonger(text, limits.getText)) {
    throw new NearpaperError(
      'query_too_long',
      `${field} is longer than ${limits.getText} characters; send it by POST.`,
      {
        field,
        accepted: `at most ${limits.getText} characters by GET, ${limits.text} by POST`,
      },
    );
  }
  checkText(text, field, limits.text);
}
