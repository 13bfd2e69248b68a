import type { PaperReader } from './format.js';
import { BrokenJsonArray, JsonElementSplitter } from './json-elements.js';
import { readArray } from './json-records.js';
import { firstLines } from './lines.js';
import { isJsonObject, parseJson } from './parse-json.js';
import { firstPrettyObject, isPrettyPrinted } from './pretty-json.js';
import { isFieldName, outcomeOf, paperFromFields } from './record-fields.js';

/** One JSON array of objects as in JSON Lines, alone or as a member of an object: {"papers": [...]}. */
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
  const [first] = firstLines(head, 1);
  if (!first?.startsWith('{') || isRecord(first)) return false;
  if (isPrettyPrinted(head) && isPaper(firstPrettyObject(head))) return false;
  if (isEmptyWrapper(head)) return true;
  const splitter = new JsonElementSplitter();
  try {
    for (const { text } of splitter.push(head)) if (text !== null && isRecord(text)) return true;
  } catch (thrown) {
    if (!(thrown instanceof BrokenJsonArray)) throw thrown;
  }
  return false;
}

/** Whether an object over several lines is a paper: a wrapper may have a title of its own, but hardly more. */
function isPaper(value: unknown): boolean {
  return isJsonObject(value) && 'title' in value && Object.keys(value).filter(isFieldName).length > 1;
}

/** Whether the text is one object without a field of a paper, and with an array of records that is empty. */
function isEmptyWrapper(text: string): boolean {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value) || Object.keys(parsed.value).some(isFieldName)) return false;
  const arrays = Object.values(parsed.value).filter(Array.isArray);
  return arrays.length > 0 && arrays.every((array) => array.length === 0);
}

function isRecord(text: string): boolean {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) && typeof parsed.value.title === 'string';
}
