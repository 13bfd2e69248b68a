import type { PaperReader } from './format.js';
import { readArray } from './json-records.js';
import { elementsIn, firstValue, hasOnlyEmptyArrays, isPaper } from './json-shape.js';
import { isJsonObject, parseJson } from './parse-json.js';
import { isPrettyPrinted } from './pretty-json.js';
import { type Fields, isFieldName, outcomeOf, paperFromFields } from './record-fields.js';

/** One JSON array of objects as in JSON Lines, alone or as a member of an object, or of several: {"papers": [...]}. */
export const jsonArray: PaperReader = {
  name: 'json-array',
  looksLike: (head) => /^\s*\[\s*(?:[[{\]"]|null|$)/.test(head) || wrapsRecords(head),
  read: (text, context) =>
    readArray(text, context.source, (line, value) =>
      outcomeOf(line, value, (fields) => {
        context.unused.addFields(fields);
        return paperFromFields(fields);
      }),
    ),
};

/** Whether an object holds an array of records, rather than being a record itself, one a line. */
function wrapsRecords(head: string): boolean {
  if (!/^\s*\{/.test(head)) return false;
  const first = firstValue(head);
  if (!isJsonObject(first) || (isPrettyPrinted(head) ? isPaper(first) : hasTitle(first))) return false;
  return isEmptyWrapper(head) || elementsIn(head).some(hasTitle);
}

/** Whether the text is one object without a field of a paper, and with an array of records that is empty. */
function isEmptyWrapper(text: string): boolean {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return false;
  return !Object.keys(parsed.value).some(isFieldName) && hasOnlyEmptyArrays(parsed.value);
}

function hasTitle(value: Fields): boolean {
  return typeof value.title === 'string';
}
