import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader, ReadContext } from './format.js';
import type { ToOutcome } from './json-outcome.js';
import { readLines } from './json-records.js';
import { firstLines } from './lines.js';
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
  const toOutcome: ToOutcome = (line, value) => outcomeOf(line, value, toPaper);
  yield* isPrettyPrinted(context.head) ? readPrettyPrinted(text, toOutcome) : readLines(text, toOutcome);
}
