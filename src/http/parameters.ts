/** Reading the parameters of requests, and saying what is wrong with them. */
import type { Request } from 'express';
import type { z } from 'zod';
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import { checkText, isLonger } from '../recommend/query-text.js';
import { COMMA_LISTS, FROM_TEXT, LISTS, noParameters } from '../recommend/requests.js';
import { validate } from '../recommend/validate.js';

/** Errors: `malformed_url`, `unknown_parameter`, `invalid_request` with every problem. */
export function readQuery<Schema extends z.ZodObject>(request: Request, schema: Schema): z.infer<Schema> {
  const start = request.originalUrl.indexOf('?');
  if (start === -1) return withoutParameters(schema);
  const text = request.originalUrl.slice(start + 1);
  // URLSearchParams would put U+FFFD for bytes that are no UTF-8; better to say so. A URIError becomes a 400.
  decodeURIComponent(text.replaceAll('+', ' '));
  // A Map: __proto__ is a name like any other.
  const values = new Map<string, unknown>();
  const parameters = new URLSearchParams(text);
  for (const name of new Set(parameters.keys())) {
    const given = parameters.getAll(name);
    if (COMMA_LISTS.has(name))
      values.set(
        name,
        given.flatMap((list) => list.split(',').map((entry) => entry.trim())),
      );
    else if (LISTS.has(name)) values.set(name, given);
    else if (given.length > 1) throw repeated(name);
    else values.set(name, FROM_TEXT.get(name)?.(given[0] ?? '') ?? given[0]);
  }
  return validate(Object.fromEntries(values), schema);
}

/** What schemas make of no parameters; only those that allow it. */
const defaults = new WeakMap<z.ZodObject, unknown>();

function withoutParameters<Schema extends z.ZodObject>(schema: Schema): z.infer<Schema> {
  let values = defaults.get(schema);
  if (values === undefined) {
    values = validate({}, schema);
    defaults.set(schema, Object.freeze(values));
  }
  return values as z.infer<Schema>; // under this schema lies what it made
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
