import { MAX_ABSTRACT_LENGTH } from './bounds.js';
import { isJsonObject, parseJson } from './parse-json.js';

/** More words than an abstract of the greatest length has. A position beyond them is a mistake, and costs nothing. */
const MOST_POSITIONS = MAX_ABSTRACT_LENGTH;

/**
 * The text of an inverted index, {"word": [0, 5]}, by the positions of its words; undefined where it holds none. An index
 * that is written as a string is read too. Positions that are no places in an abstract are passed over, and the
 * first word at a position stays.
 */
export function textFromInvertedIndex(value: unknown): string | undefined {
  const index = indexOf(value);
  if (index === undefined) return undefined;
  const words: (string | undefined)[] = [];
  for (const word in index) {
    const positions = index[word];
    if (!Array.isArray(positions)) continue;
    for (const position of positions) {
      if (!isPosition(position)) continue;
      // Positions come in the order of their words, or nearly; a gap is filled so that the array stays a plain one.
      while (words.length <= position) words.push(undefined);
      words[position] ??= word;
    }
  }
  return words.length === 0 ? undefined : words.filter((word) => word !== undefined).join(' ');
}

function isPosition(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MOST_POSITIONS;
}

/** Older dumps have the index as text, or under a name beside its length. */
function indexOf(value: unknown): Record<string, unknown> | undefined {
  const parsed = typeof value === 'string' ? parseJson(value) : null;
  const index = parsed?.ok ? parsed.value : value;
  if (!isJsonObject(index)) return undefined;
  return isJsonObject(index.InvertedIndex) ? index.InvertedIndex : index;
}
