/** Bodies of NDJSON, for which OpenAPI 3.1 has no words: 3.2 says with itemSchema what each line is. */
import { IMPORT_ANSWER } from './answers.js';
import { inlineSchema, type JsonSchema } from './components.js';

export const NDJSON = 'application/x-ndjson';

const ID = { type: 'string', minLength: 1, maxLength: 256 };

/** Read as `nearpaper build` reads JSONL, so that it may say more than a PaperRecord. */
const IMPORT_LINE: JsonSchema = {
  description: 'One line: a paper, or the id of one that is to go.',
  oneOf: [
    {
      type: 'object',
      description:
        'A paper, with the names of PaperRecord. Without an id it gets one made from its title. Authors and ' +
        'categories may be one string; names that no paper has are passed over.',
      properties: { id: ID, title: { type: 'string', minLength: 1 }, delete: false },
      required: ['title'],
    },
    { type: 'object', properties: { delete: ID }, required: ['delete'], additionalProperties: false },
  ],
};

/** The content of a body, or of an answer, of lines. */
export function linesOf(of: 'body' | 'answer', examples: Record<string, unknown>): Record<string, unknown> {
  const item = of === 'body' ? IMPORT_LINE : inlineSchema(IMPORT_ANSWER, 'output');
  const schema = { type: 'string', description: 'Lines of JSON, each as x-itemSchema says.' };
  return { [NDJSON]: { schema, 'x-itemSchema': item, examples } };
}
