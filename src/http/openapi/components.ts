/** From zod schemas to the JSON Schemas of the document. */
import { z } from 'zod';
import type { BATCH_KINDS, RequestSchemas } from '../../recommend/requests.js';
import { ANSWERS } from './answers.js';
import { describe, type Limits, NOTES, type Note, textSchema, WRITE_NOTES } from './notes.js';

export type JsonSchema = Record<string, unknown>;

/** The bodies of requests: name in the document -> schema that validates it. */
const BODIES = {
  SearchRequest: 'search',
  RecommendationsRequest: 'recommendations',
  SimilarRequest: 'similarInBatch',
  BatchRequest: 'batch',
  LookUpRequest: 'lookUp',
  PaperRecord: 'paperRecord',
  ReembedRequest: 'reembed',
} as const satisfies Record<string, keyof RequestSchemas>;

export type BodyName = keyof typeof BODIES;

/** Bodies whose names mean something of their own. */
const WRITES: ReadonlySet<string> = new Set<BodyName>(['PaperRecord', 'ReembedRequest']);

const IN_BATCH = {
  similar: 'SimilarRequest',
  search: 'SearchRequest',
  recommendations: 'RecommendationsRequest',
} as const satisfies Record<(typeof BATCH_KINDS)[number], BodyName>;

export function refTo(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** The schemas of the bodies of all requests and answers, by name. */
export function componentSchemas(schemas: RequestSchemas, limits: Limits): Record<string, JsonSchema> {
  const bodies = z.registry<{ id: string }>();
  for (const [id, name] of Object.entries(BODIES)) bodies.add(schemas[name], { id });
  bodies.add(schemas.recommendations.shape.positives.element, { id: 'Seed' });
  bodies.add(schemas.batch.shape.requests.element, { id: 'RequestInBatch' });
  const { Seed, RequestInBatch, ...requests } = converted(bodies, 'input');
  return {
    ...answerSchemas(),
    ...Object.fromEntries(
      Object.entries(requests).map(([name, schema]) => [
        name,
        withNotes(schema, limits, WRITES.has(name) ? WRITE_NOTES : NOTES),
      ]),
    ),
    Seed: seedSchema(Seed, limits),
    RequestInBatch: { ...RequestInBatch, ...requestInBatch() },
  };
}

function answerSchemas(): Record<string, JsonSchema> {
  const answers = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(ANSWERS)) answers.add(schema, { id });
  return converted(answers, 'output');
}

/** The zod schema lets anything pass here: each request of a batch is validated by itself. */
function requestInBatch(): JsonSchema {
  return {
    description: 'One query, under the name of its kind.',
    oneOf: Object.entries(IN_BATCH).map(([kind, name]) => ({
      type: 'object',
      properties: { [kind]: refTo(name) },
      required: [kind],
      additionalProperties: false,
    })),
  };
}

/** A schema that stands alone, such as that of all the parameters of a GET route. */
export function inlineSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): JsonSchema {
  return { ...tidy(z.toJSONSchema(schema, { ...OPTIONS, io })) };
}

const OPTIONS = {
  target: 'draft-2020-12',
  override({ jsonSchema }: { jsonSchema: JsonSchema }) {
    // The bounds of every integer in JavaScript say nothing.
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    // What the format says already.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  },
} as const;

function converted(
  registry: z.core.$ZodRegistry<{ id: string }>,
  io: 'input' | 'output',
): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, io, uri: (id) => refTo(id).$ref });
  return mapValues(schemas, tidy);
}

/** Without what only a schema of its own needs. */
function tidy(schema: object): JsonSchema {
  const { $schema: _dialect, $id: _id, '~standard': _standard, ...rest }: JsonSchema = { ...schema };
  return rest;
}

type Notes = Readonly<Record<string, Note>>;

/** A body whose properties say what they are for and what is checked besides. */
function withNotes(schema: JsonSchema, limits: Limits, notes: Notes): JsonSchema {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return schema;
  const described = Object.entries(properties).map(([name, property]) => [
    name,
    withNote(name, property, limits.text, notes),
  ]);
  return { ...schema, properties: Object.fromEntries(described) };
}

/** `longestText`: of `q`. */
export function withNote(
  name: string,
  property: JsonSchema,
  longestText: number,
  notes: Notes = NOTES,
): JsonSchema {
  const note = Object.hasOwn(notes, name) ? notes[name] : undefined;
  if (note === undefined) return property;
  return {
    ...property,
    ...note.checked,
    ...(name === 'q' ? textSchema(longestText) : {}),
    description: describe(note, property.description),
  };
}

function seedSchema(schema: JsonSchema | undefined, limits: Limits): JsonSchema {
  const properties: JsonSchema = { ...Object(schema?.properties), text: textSchema(limits.text) };
  return {
    description: 'A paper or a text, with how much it counts (1 when absent).',
    ...schema,
    properties,
    oneOf: [{ required: ['id'] }, { required: ['text'] }],
  };
}

function mapValues<In, Out>(
  record: Readonly<Record<string, In>>,
  change: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
