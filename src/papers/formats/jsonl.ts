import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader } from './format.js';
import { firstLines, linesOf } from './lines.js';
import { parseJson } from './parse-json.js';
import { type Fields, outcomeOf, paperFromFields } from './record-fields.js';

/** How many lines are looked at, so that a bad first record does not hide the format. */
const LINES_LOOKED_AT = 20;

/** JSON Lines: one object a line, its fields named as in PaperInput. */
export const jsonl: PaperReader = {
  name: 'jsonl',
  looksLike: (head) => firstLines(head, LINES_LOOKED_AT).some((line) => line.startsWith('{')),
  read: (text) => readJsonLines(text, paperFromFields),
};

/** The records of a text with one JSON object a line; blank lines are none. */
export async function* readJsonLines(
  text: AsyncIterable<string>,
  toPaper: (fields: Fields) => PaperInput,
): AsyncGenerator<ReadOutcome, void, undefined> {
  for await (const line of linesOf(text)) {
    if (line.text === null) {
      yield { kind: 'bad', line: line.number, reason: 'the line is longer than 8 MiB' };
    } else if (line.text.trim() !== '') {
      const parsed = parseJson(line.text);
      yield parsed.ok
        ? outcomeOf(line.number, parsed.value, toPaper)
        : { kind: 'bad', line: line.number, reason: parsed.reason };
    }
  }
}
