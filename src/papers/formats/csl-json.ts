import { paperFromCsl } from './csl-paper.js';
import type { PaperReader } from './format.js';
import { readJsonRecords } from './json-records.js';
import { holdsRecords } from './json-shape.js';
import { isJsonObject } from './parse-json.js';
import { outcomeOf } from './record-fields.js';

/** Fields that an item has and no other format's record, found in text that ends before the record does. */
const TELLING =
  /"(?:container-title|date-parts|non-dropping-particle|citation-key)"\s*:|"type"\s*:\s*"(?:article-journal|paper-conference)"/;

/**
 * CSL-JSON, as Zotero and other reference managers export it: an array of items, an item a line, or an object with
 * the items in it. Ids stay as they are.
 */
export const cslJson: PaperReader = {
  name: 'csl-json',
  looksLike: (head) => holdsRecords(head, isItem, TELLING),
  read: (text, context) =>
    readJsonRecords(text, context, {
      isRecord: isItem,
      toOutcome: (line, value) =>
        value === null
          ? { kind: 'bad', line, problem: 'not_a_paper', reason: 'an empty place, not a record' }
          : outcomeOf(line, value, paperFromCsl),
    }),
};

/** Whether an object is an item of CSL: its authors have parts, its date or type is of CSL's. */
function isItem(value: Record<string, unknown>): boolean {
  if ('authors' in value) return false;
  const { type, author, issued } = value;
  const [first]: unknown[] = Array.isArray(author) ? author : [];
  return (
    'container-title' in value ||
    (isJsonObject(issued) && ['date-parts', 'raw', 'literal'].some((name) => name in issued)) ||
    (isJsonObject(first) && ['family', 'given', 'literal'].some((name) => name in first)) ||
    (typeof type === 'string' && /^(?:article-(?:journal|magazine|newspaper)|paper-conference)$/.test(type))
  );
}
