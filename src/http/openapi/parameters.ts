/** The parameters of GET routes and the headers of requests. */
import type { z } from 'zod';
import { COMMA_LISTS } from '../../recommend/requests.js';
import { inlineSchema, type JsonSchema, withNote } from './components.js';
import { type Limits, NOTES, type ParameterName, SAMPLE } from './notes.js';

export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  description: string;
  required: boolean;
  style?: 'form';
  explode?: true;
  schema: JsonSchema;
  example: unknown;
}

/** One for each property of the schema that validates the query string. */
export function queryParameters(schema: z.ZodObject, limits: Limits): Parameter[] {
  const { properties = {}, required = [] } = inlineSchema(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = withNote(name, property, limits.getText);
    const isList = rest.type === 'array';
    const { example } = NOTES[name as ParameterName];
    return {
      name,
      in: 'query',
      description: `${String(description)}${isList ? repeatable(name) : ''}`,
      required: required.includes(name),
      ...(isList ? { style: 'form', explode: true } : {}),
      schema: rest,
      example,
    };
  });
}

function repeatable(name: string): string {
  return COMMA_LISTS.has(name)
    ? ' Repeat it for several, or separate them by commas.'
    : ' Repeat it for several.';
}

export const PAPER_ID: Parameter = {
  name: 'id',
  in: 'path',
  description:
    'The id, percent-encoded (a slash as %2F), or another spelling of it: with or without arXiv: and version, ' +
    'as a link to arXiv, as a DOI.',
  required: true,
  schema: { type: 'string', minLength: 1 },
  example: SAMPLE.longContext,
};

/** Of every request. */
export const REQUEST_ID: Parameter = {
  name: 'X-Request-Id',
  in: 'header',
  description:
    'A name for this request in the log, used when it is plain: letters, digits and . _ : - up to 64.',
  required: false,
  schema: { type: 'string' },
  example: 'reader-42',
};

/** Of every GET whose answer carries an ETag. */
export const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The ETag of an answer that you have: answered 304 without any work while it is still right.',
  required: false,
  schema: { type: 'string' },
  example: '"kcMkhYcYzGq2FNtnmCeE7BcAPJHAf7kNgmWuKtRlYpU"',
};

const VERSION_TAG = '"2dc-4Of4arGO3NHlrWVq5w.MbcjLzS44yusy4yfz-U03b"';

/** The conditions of writes. */
export const CONDITIONS: Readonly<Record<'If-Match' | 'If-None-Match', Parameter>> = {
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'ETags that GET or PUT gave for the paper, whatever their fields; * for any version of it. Written only while ' +
      'the paper is one of them.',
    required: false,
    schema: { type: 'string' },
    example: VERSION_TAG,
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    description: 'Written only where there is no such paper.',
    required: false,
    schema: { const: '*' },
    example: '*',
  },
};
