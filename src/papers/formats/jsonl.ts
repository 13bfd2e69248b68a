import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader, ReadContext } from './format.js';
import { firstLines, linesOf } from './lines.js';
import { parseJson } from './parse-json.js';
import { isPrettyPrinted, readPrettyPrinted } from './pretty-json.js';
import { type Fields, outcomeOf, paperFromFields } from './record-fields.js';

/** How many lines are looked at, so that a bad first record does not hide the format. */
const LINES_LOOKED_AT = 20;

/** JSON Lines: one object a line, its fields named as in PaperInput. Objects over several lines are read too. */
export const jsonl: PaperReader = {
  name: 'jsonl',
  looksLike: (head) => firstLines(head, LINES_LOOKED_AT).some((line) => line.startsWith('{')),
  read: (text, context) =>
    readJsonLines(text, context, (fields) => {
      context.unused.addFields(fields);
      return paperFromFields(fields);
    }),
};

/** The records of a text with one JSON object a line, or each over several lines; blank lines are none. */
export async function* readJsonLines(
  text: AsyncIterable<string>,
  context: ReadContext,
  toPaper: (fields: Fields) => PaperInput,
): AsyncGenerator<ReadOutcome, void, undefined> {
  if (isPrettyPrinted(context.head)) {
    yield* readPrettyPrinted(text, (line, value) => outcomeOf(line, value, toPaper));
    return;
  }
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
