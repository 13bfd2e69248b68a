import { NearpaperError } from '../../errors.js';
import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader, ReadContext } from './format.js';
import { BrokenJsonArray, type JsonElement, JsonElementSplitter } from './json-elements.js';
import { firstLines } from './lines.js';
import { isJsonObject, parseJson } from './parse-json.js';
import { firstPrettyObject, isPrettyPrinted } from './pretty-json.js';
import { type Fields, isFieldName, outcomeOf, paperFromFields } from './record-fields.js';

/** One JSON array of objects as in JSON Lines, alone or as a member of an object: {"papers": [...]}. */
export const jsonArray: PaperReader = {
  name: 'json-array',
  looksLike: (head) => /^\s*\[\s*(?:[[{\]"]|null|$)/.test(head) || wrapsRecords(head),
  read: readJsonArray,
};

async function* readJsonArray(
  text: AsyncIterable<string>,
  context: ReadContext,
): AsyncGenerator<ReadOutcome, void, undefined> {
  const splitter = new JsonElementSplitter();
  const toPaper = (fields: Fields) => {
    context.unused.addFields(fields);
    return paperFromFields(fields);
  };
  try {
    for await (const piece of text) {
      for (const element of splitter.push(piece)) yield outcomeOfElement(element, toPaper);
    }
    splitter.end();
  } catch (thrown) {
    if (!(thrown instanceof BrokenJsonArray)) throw thrown;
    throw new NearpaperError(
      'input_unreadable',
      `${context.source}, line ${thrown.line}: the JSON array cannot be read further, ${thrown.message}. ` +
        'Mend it there, or write one record a line (JSON Lines), where a broken record costs only itself.',
      { cause: thrown },
    );
  }
}

function outcomeOfElement({ line, text }: JsonElement, toPaper: (fields: Fields) => PaperInput): ReadOutcome {
  if (text === null) return { kind: 'bad', line, reason: 'the record is longer than 8 MiB' };
  const parsed = parseJson(text);
  return parsed.ok
    ? outcomeOf(line, parsed.value, toPaper)
    : { kind: 'bad', line, reason: `${parsed.reason} of the record` };
}

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
