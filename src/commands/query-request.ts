/** From flags to the queries of recommend/, held to the same rules as requests over HTTP. */
import { readFile } from 'node:fs/promises';
import type { Config } from '../config.js';
import { messageOf, NearpaperError } from '../errors.js';
import { DEFAULT_FIELDS, PAPER_FIELDS, type PaperField } from '../recommend/answer.js';
import type { ListQuery } from '../recommend/papers.js';
import { checkText } from '../recommend/query-text.js';
import type { RecommendationQuery } from '../recommend/recommend.js';
import { checkDays, recommendationOf } from '../recommend/request-checks.js';
import { COMMA_LISTS, FROM_TEXT, requestSchemas } from '../recommend/requests.js';
import type { SearchQuery } from '../recommend/search.js';
import type { SimilarQuery } from '../recommend/similar.js';
import { validate } from '../recommend/validate.js';
import type { CommandContext } from './context.js';
import type { PapersFlags, QueryFlags, RecommendFlags, SearchFlags } from './query-flags.js';
import { readStdin } from './stdin.js';

type Limits = Config['limits'];

/** Errors: those of a request, naming the flag. */
export function searchQuery(text: string, flags: SearchFlags, limits: Limits): SearchQuery {
  checkText(text, 'The text', limits.text);
  const given = { q: text, ...parametersOf(flags) };
  const { q, ...options } = validate(given, requestSchemas(limits).search, flagOf);
  checkDays(options, flagOf);
  return { text: q, ...options };
}

/** Errors: those of a request, naming the flag. */
export function similarQuery(id: string, flags: SearchFlags, limits: Limits): SimilarQuery {
  const options = validate(parametersOf(flags), requestSchemas(limits).similar, flagOf);
  checkDays(options, flagOf);
  return { id, ...options };
}

/** From flags, or from the body of a request in a file. Errors: those of a request; `usage`; `input_unreadable`. */
export async function recommendationQuery(
  context: CommandContext,
  { request, ...flags }: RecommendFlags,
  limits: Limits,
): Promise<RecommendationQuery> {
  const schema = requestSchemas(limits).recommendations;
  if (request !== undefined) {
    refuseOthers(flags, [], '--request');
    return recommendationOf(validate(await readRequest(context, request), schema), limits);
  }
  const given = validate(bodyOf(flags, limits), schema, flagOf);
  checkDays(given, flagOf);
  return recommendationOf(given, limits);
}

/** The body of a request that these flags stand for. */
function bodyOf(flags: Omit<RecommendFlags, 'request'>, limits: Limits): Record<string, unknown> {
  const { positive = [], positiveText = [], negative = [], negativeText = [], ...options } = flags;
  const positives = [
    ...seedsById(positive, '--positive', limits),
    ...seedsByText(positiveText, '--positive-text', limits),
  ];
  if (positives.length === 0) {
    throw new NearpaperError(
      'usage',
      'Say what the papers should be like: --positive <id>, --positive-text <text>, or --request <file>.',
    );
  }
  const negatives = [
    ...seedsById(negative, '--negative', limits),
    ...seedsByText(negativeText, '--negative-text', limits),
  ];
  return { positives, negatives, ...parametersOf(options) };
}

function seedsById(ids: string[], flag: string, limits: Limits): { id: string }[] {
  if (ids.length > 0) validate({ ids }, requestSchemas(limits).lookUp, () => flag);
  return ids.map((id) => ({ id }));
}

function seedsByText(texts: string[], flag: string, limits: Limits): { text: string }[] {
  for (const text of texts) checkText(text, flag, limits.text);
  return texts.map((text) => ({ text }));
}

async function readRequest(context: CommandContext, path: string): Promise<unknown> {
  const body = path === '-' ? await readStdin(context) : await readText(path);
  try {
    return JSON.parse(body);
  } catch (thrown) {
    throw new NearpaperError('invalid_json', `The request is not valid JSON: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new NearpaperError('input_unreadable', `Cannot read ${path}: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}

/** One page of the corpus, or with --all every page. Errors: those of a request; `usage`. */
export function listQuery({ all, ...flags }: PapersFlags, limits: Limits): ListQuery {
  if (all) refuseGiven(flags, ['limit', 'cursor'], '--all');
  // All of every paper, so that what is printed can be built from again.
  const given = all
    ? { ...parametersOf(flags, SHOWN_FIELDS, PAPER_FIELDS), limit: limits.results }
    : parametersOf(flags);
  const query = validate(given, requestSchemas(limits).list, flagOf);
  checkDays(query, flagOf);
  return query;
}

/** Papers by their ids. Errors: those of a request; `usage`. */
export function lookUpQuery(
  ids: string[],
  flags: PapersFlags,
  limits: Limits,
): { ids: string[]; fields: PaperField[] } {
  refuseOthers(flags, ['fields'], 'ids');
  const nameOf = (parameter: string) => (parameter === 'ids' ? 'ids' : flagOf(parameter));
  return validate(
    { ids, ...parametersOf(flags, PAPER_FIELDS, PAPER_FIELDS) },
    requestSchemas(limits).lookUp,
    nameOf,
  );
}

/** Flags whose parameter has another name. */
const PARAMETERS: Readonly<Record<string, string>> = { only: 'ids' };
/** Flags that are no part of a request: where the index is, how to print. */
const ASIDE: ReadonlySet<string> = new Set(['index', 'model', 'json']);

/** What lines for people show of a paper. */
const SHOWN_FIELDS: readonly PaperField[] = [...DEFAULT_FIELDS, 'year'];

/**
 * What was given, under the names and with the types of a request's parameters. Lines for people show the fields
 * `shown`, JSON those that --fields names or else `inJson`. Errors: `usage` for --fields without --json.
 */
function parametersOf(
  { fields, ...flags }: QueryFlags,
  shown: readonly PaperField[] = SHOWN_FIELDS,
  inJson?: readonly PaperField[],
): Record<string, unknown> {
  if (fields !== undefined && !flags.json) {
    throw new NearpaperError('usage', '--fields chooses what --json prints; give both.');
  }
  const asked = { ...flags, fields: flags.json ? (fields ?? inJson) : [...shown] };
  const parameters = Object.entries(asked)
    .filter(([flag, value]) => !ASIDE.has(flag) && value !== undefined)
    .map(([flag, value]) => {
      const name = PARAMETERS[flag] ?? flag;
      return [name, parameterOf(name, value)];
    });
  return Object.fromEntries(parameters);
}

/** As the query string of a GET request would be read. */
function parameterOf(name: string, value: unknown): unknown {
  if (typeof value === 'string') return FROM_TEXT.get(name)?.(value) ?? value;
  if (Array.isArray(value) && COMMA_LISTS.has(name)) {
    return value.flatMap((list) => String(list).split(',')).map((entry) => entry.trim());
  }
  return value;
}

/** `minSimilarity` is given as --min-similarity, `positives` as --positive. */
function flagOf(parameter: string): string {
  if (parameter === 'positives' || parameter === 'negatives') return `--${parameter.slice(0, -1)}`;
  const flag = Object.keys(PARAMETERS).find((name) => PARAMETERS[name] === parameter) ?? parameter;
  return `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function refuseOthers(flags: QueryFlags, allowed: readonly string[], beside: string): void {
  const others = Object.keys(flags).filter((flag) => !ASIDE.has(flag) && !allowed.includes(flag));
  refuseGiven(flags, others, beside);
}

/** Better than to leave out without a word what the caller asked for. */
function refuseGiven(flags: QueryFlags, refused: readonly string[], beside: string): void {
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined || !refused.includes(flag)) continue;
    throw new NearpaperError('usage', `${flagOf(flag)} cannot be given together with ${beside}.`);
  }
}
