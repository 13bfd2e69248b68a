/** Checks what a caller sent against a schema, and says what is wrong with it. */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { NearpaperError } from '../errors.js';
import { PAPER_FIELDS } from './answer.js';

/** What the caller calls a parameter: its own name over HTTP, a flag on the command line. */
export type NameOf = (parameter: string) => string;

const itself: NameOf = (parameter) => parameter;

/**
 * The values as the schema reads them, defaults filled in. Messages call parameters what `nameOf` says. Errors:
 * `unknown_parameter`, `invalid_request` with every problem.
 */
export function validate<Schema extends z.ZodObject>(
  values: unknown,
  schema: Schema,
  nameOf: NameOf = itself,
): z.infer<Schema> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      throw unknownParameter(issue.keys[0] ?? '', issue.path, namesWithin(schema, issue.path));
    }
  }
  const problems = problemsOf(parsed.error.issues, { values, schema, nameOf });
  const [first] = problems;
  throw new NearpaperError('invalid_request', problems.map(({ detail }) => sentence(detail)).join(' '), {
    field: first?.field ?? 'body',
    accepted: acceptedFor(schema, first?.field.split('.')[0]),
    ...(problems.length > 1 ? { problems } : {}),
  });
}

/** One problem a place, in words of our own: zod's speak of types. */
function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  { values, schema, nameOf }: { values: unknown; schema: z.ZodObject; nameOf: NameOf },
): { field: string; detail: string }[] {
  const firsts = new Map<string, z.core.$ZodIssue>();
  for (const issue of issues) {
    const place = issue.path.join('.') || 'body';
    if (!firsts.has(place)) firsts.set(place, issue);
  }
  return [...firsts].map(([field, { path }]) => {
    const given = at(values, path);
    const parameter = String(path[0] ?? 'body');
    const name = nameOf(parameter);
    const must = `must be ${acceptedFor(schema, parameter)}`;
    if (path.length > 1)
      return {
        field,
        detail: `${name} ${must}, not ${shown(given)}${parameter === 'fields' ? suggestion(given) : ''}`,
      };
    return { field, detail: given === undefined ? `${name} is missing; it ${must}` : `${name} ${must}` };
  });
}

function shown(given: unknown): string {
  return (JSON.stringify(given) ?? String(given)).slice(0, NAME_SHOWN).toWellFormed();
}

/** Ends in a question where it makes a suggestion. */
function sentence(detail: string): string {
  return detail.endsWith('?') ? detail : `${detail}.`;
}

function acceptedFor(schema: z.ZodObject, field: string | undefined): string {
  let described: unknown = field === undefined ? undefined : schema.shape[field];
  while (described instanceof z.ZodType) {
    if (described.description !== undefined) return described.description;
    // What was described before it became optional does not hand its description on.
    if (!(described instanceof z.ZodOptional || described instanceof z.ZodDefault)) break;
    described = described.unwrap();
  }
  return 'a JSON object';
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

/** The names that the object at `path` may have. */
function namesWithin(schema: z.ZodObject, path: readonly PropertyKey[]): string[] {
  let inner: unknown = schema;
  for (const key of path) {
    while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap();
    if (inner instanceof z.ZodObject) inner = inner.shape[String(key)];
    else if (inner instanceof z.ZodArray) inner = inner.element;
  }
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unknownParameter(
  given: string,
  path: readonly PropertyKey[],
  known: readonly string[],
): NearpaperError {
  const name = given.slice(0, NAME_SHOWN).toWellFormed();
  const near = known.length === 0 ? undefined : closest(name, known);
  const hint =
    near !== undefined && distance(name, near) <= Math.max(2, name.length / 2)
      ? ` Did you mean ${near}?`
      : '';
  return new NearpaperError('unknown_parameter', `There is no parameter ${JSON.stringify(name)}.${hint}`, {
    field: [...path, name].join('.'),
    accepted: known.length === 0 ? 'no parameters' : known.join(', '),
  });
}
